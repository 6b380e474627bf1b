/** What is said of values of a wrong type: every place of a study, of methods' options and of records is given each of them. */
import assert from "node:assert/strict";
import { z } from "zod";
import { methods } from "../../../methods/mod.ts";
import { parseOptions } from "../../../methods/shared/options.ts";
import { presets } from "../../../runs/study/presets.ts";
import { readRecords } from "../../../runs/study/read-records.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import type { TrainingSpec } from "../../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../../runs/study/study.ts";
import { inFolder } from "../../in-folder.ts";

const WRONG = [null, true, 7.5, -1, 1e30, "x", "", [], {}, [null], [[]], [{}], { a: 1 }];

/** A value with one place of it replaced by another value. */
interface Changed {
  place: string;
  value: unknown;
}

/** Every place of a value, the first entry of lists, with each wrong value in it. */
function* changed(value: unknown, path: readonly string[] = []): Generator<Changed> {
  for (const wrong of WRONG) yield { place: path.join("."), value: wrong };
  if (value === null || typeof value !== "object") return;
  for (const [key, inner] of Array.isArray(value) ? Object.entries(value.slice(0, 1)) : Object.entries(value)) {
    for (const change of changed(inner, [...path, key])) {
      const copy = Array.isArray(value) ? value.slice() : { ...value };
      yield { ...change, value: Object.assign(copy, { [key]: change.value }) };
    }
  }
}

/** Words of zod and of its types. */
const RAW = /expected|received|invalid|of type|\bint\b|\bstring\b|\barray\b|\brecord\b|undefined/i;
const SENTENCE = new RegExp(
  `^Cannot (read the study|use [\\w-]+): (\\S+ must .+|(\\S+: )?there is no key .+, (the nearest name is|it must be one of) .+)$`,
);

/** Checks the message of each change that is refused; of every place, one change at least. */
function checkAll(changes: Iterable<Changed>, parse: (value: unknown) => unknown): void {
  const [places, refused] = [new Set<string>(), new Set<string>()];
  for (const { place, value } of changes) {
    places.add(place);
    try {
      parse(value);
    } catch (error) {
      const { message } = error as Error;
      refused.add(place);
      assert.match(message, SENTENCE, place);
      assert.doesNotMatch(message.replace(/, current value is .*$/, ""), RAW, place);
    }
  }
  assert.deepEqual([...places].filter((place) => !refused.has(place)), []);
}

Deno.test("every place of a study that is given a wrong type is refused in words", () => {
  const whole: Required<Omit<Study, "training">> & { training: Required<TrainingSpec> } = {
    ...presets.quick.study,
    taskFiles: "files",
    from: "adapter",
    precision: "int8",
    memory: "small",
    head: {
      name: "language-model",
      templates: ["{text} {answer}"],
      words: { a: "b", c: ["d"] },
      normalise: "length",
    },
    tuning: { trials: 2, spaces: { lora: { learningRate: { from: 1, to: 2, log: true, whole: true }, rank: [1, 2] } } },
    trial: true,
    plugins: ["./my-method.ts"],
    methods: [{ lora: {} }],
    data: { train: { grid: [1, 2] }, validation: 1, test: 1, perClass: 1 },
    exclude: [{
      model: "use-lite",
      task: "sentiment/amazon",
      method: { lora: {} },
      data: { train: 1, validation: 1, test: 1, perClass: 1 },
      training: { epochs: 1, chat: true },
    }],
    training: {
      epochs: 1,
      batchSize: 1,
      headLearningRate: 1,
      weightDecay: 0,
      warmup: 0,
      clip: 1,
      maxLength: 1,
      microBatchRows: 1,
      patience: 1,
      outputLength: 1,
      chat: true,
      temperature: 0.5,
      topP: 0.5,
      beams: 1,
      stop: ["\n"],
    },
  };
  assert.deepEqual(parseStudy(whole, presets.quick.study), whole);
  checkAll(changed(whole), (value) => parseStudy(value, presets.quick.study));
});

for (const method of Object.values(methods)) {
  Deno.test(`every option of ${method.name} that is given a wrong type is refused in words`, () => {
    const { properties = {} } = z.toJSONSchema(method.options as unknown as z.ZodType, { io: "input" });
    const optional = Object.fromEntries(Object.keys(properties).map((key) => [key, undefined]));
    checkAll(changed({ ...optional, ...method.options.parse({}) }), (value) => parseOptions(method, value));
  });
}

Deno.test("every place of a record that is given a wrong type is named in words", () =>
  inFolder({}, async (folder) => {
    const text = await Deno.readTextFile(new URL("../../golden/record-1.json", import.meta.url));
    const { predictions, curve: { stepLoss, validation }, ...record }: RunRecord = JSON.parse(text);
    const short = {
      ...record,
      predictions: predictions.slice(0, 1),
      curve: { stepLoss: stepLoss.slice(0, 1), validation },
    };
    await Deno.mkdir(`${folder}/runs`);
    for (const [at, { value }] of [...changed(short)].entries()) {
      await Deno.writeTextFile(`${folder}/runs/${at}.json`, JSON.stringify(value));
    }
    const { unreadable } = await readRecords(folder);
    assert.ok(unreadable.length > 1000);
    for (const { reason } of unreadable) {
      assert.doesNotMatch(reason.replace(/, current value is .*$/, ""), RAW);
    }
  }));
