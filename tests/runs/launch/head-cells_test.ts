import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sizeOf } from "../../../base/shapes.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { methods } from "../../../methods/mod.ts";
import type { CommonOptions } from "../../../methods/types.ts";
import { findFolder } from "../../../models/mod.ts";
import { noteOf } from "../../../runs/adapters/note.ts";
import { writeAdapter } from "../../../runs/adapters/write.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { taskOfSpec } from "../../../runs/study/find-task.ts";
import { studiesOf } from "../../../runs/study/rebuild.ts";
import { settingId } from "../../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../../runs/study/study.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { inFolder } from "../../in-folder.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { refused, study } from "./small-study.ts";

const model = (name: string) => fileURLToPath(new URL(`../../golden/A/${name}/model`, import.meta.url));
const [gpt2, bert] = [model("gpt2"), model("bert")];
const head = "language-model";
const worded = (changes: Partial<Study>) => study({ models: [gpt2], head, ...changes });
const manual = "{text} It was {answer}.";
const great = [["terrible"], ["great"]];

Deno.test("a language model's head is a template and words in the spec, in place of a classifier's step size", async () => {
  const [probe, lora] = await cellsOf(worded({ methods: ["linear-probe", "lora"] }));
  assert.deepEqual(lora.spec.head, { template: manual, words: great });
  assert.ok(!Object.hasOwn(lora.spec.training, "headLearningRate"));
  const plain = await cellsOf(study({ models: [gpt2], methods: ["linear-probe", "lora"] }));
  // A linear probe is a classifier.
  assert.deepEqual(probe, plain[0]);
  assert.notEqual(settingId(lora.spec), settingId(plain[1].spec));
});

Deno.test("a study's templates and words stand in place of the task's, label by label, and differ in their settings", async () => {
  const given = {
    name: head,
    templates: ["{text} I find it {answer}"],
    words: { positive: ["good", "fine"] },
  } as const;
  const [cell] = await cellsOf(parsed({ head: { ...given, normalise: "length" } }));
  const { template, words, normalise } = cell.spec.head!;
  assert.deepEqual([template, words, normalise], [given.templates[0], [["terrible"], ["good", "fine"]], "length"]);
  const [other] = await cellsOf(parsed({ head: given }));
  assert.notEqual(settingId(cell.spec), settingId(other.spec));
});

const parsed = (changes: object) => parseStudy(changes, worded({}));

Deno.test("a model that writes from left to right takes the first template with the texts before the answer", async () => {
  const templates = ["{answer}: {text}", manual];
  const cells = await cellsOf(worded({ models: [gpt2, bert], head: { name: head, templates } }));
  assert.deepEqual(cells.map(({ spec }) => spec.head!.template), [manual, "{answer}: {text}"]);
});

Deno.test("a study with a language model's head is made again from the specs of its runs", async () => {
  const cells = await cellsOf(worded({ methods: ["lora", "linear-probe"] }));
  const task = { ...makeRecord().task, labels: ["negative", "positive"] };
  const { studies, needed } = studiesOf(cells.map(({ spec, id }) => ({ ...makeRecord(), task, spec, id })));
  const again = await Promise.all(
    studies.map((study) => cellsOf(JSON.parse(JSON.stringify(study).replace(needed[0].path, gpt2)))),
  );
  assert.deepEqual(again.flat().map(({ id }) => id).sort(), cells.map(({ id }) => id).sort());
});

const csv = "a,b,c\n" + Array.from({ length: 900 }, (_, at) => `text ${at},other ${at},${at % 2}`).join("\n");

Deno.test("a described task has its templates from its description, and words from its labels' names", () =>
  inFolder({ "own.csv": csv }, async (folder) => {
    const own: Description = { data: `${folder}/own.csv`, columns: { text: "a", label: "c" }, templates: [manual] };
    const [{ spec }] = await cellsOf(worded({ tasks: [own] }));
    assert.deepEqual(spec.head, { template: manual, words: [["0"], ["1"]] });
    const pairs = ["{text} {pair} {answer}"];
    await refused(
      { models: [gpt2], tasks: [own], head: { name: head, templates: pairs } },
      /\{pair\} must be the second text of pairs, the task/,
    );
    await refused(
      { models: [gpt2], tasks: [{ ...own, kind: "regression", templates: undefined }], head },
      /^Cannot use head for the task own: it must be one of classification or multiple choice, it is one of regression$/,
    );
    const bare = { ...own, templates: undefined };
    await refused(
      { models: [gpt2], tasks: [bare], head },
      /^Cannot use head for the task own: it must have a template, it has none; --template gives one, /,
    );
  }));

const wrong: [what: string, changes: Partial<Study>, message: RegExp][] = [
  [
    "a model without one",
    { models: ["use-lite"] },
    /^Cannot use the model use-lite with head language-model: it must have a language model's head, it has none$/,
  ],
  [
    "a template without a text",
    { head: { name: head, templates: ["It was {answer}."] } },
    /^Cannot use the template "It was \{answer\}\.": it must have \{text\}, it has none$/,
  ],
  [
    "a template with an unknown field",
    { head: { name: head, templates: ["{txt} {answer}"] } },
    /^Cannot use the template "\{txt\} \{answer\}": fields must be .*, current value is \{txt\}, the nearest is \{text\}$/,
  ],
  [
    "a template of pairs for single texts",
    { head: { name: head, templates: ["{text} {pair} {answer}"] } },
    /\{pair\} must be the second text of pairs, the task's examples have one text$/,
  ],
  [
    "a prior where every method is trained",
    { head: { name: head, normalise: "prior" } },
    /^Cannot use head\.normalise prior: a method must train nothing, such as hand-written, none does$/,
  ],
  [
    "a template that a decoder cannot read",
    { head: { name: head, templates: ["{answer}: {text}"] } },
    /a template must have its texts before \{answer\}, as the model reads no further, current value is "\{answer\}: \{text\}"$/,
  ],
  [
    "two labels with the same word",
    { head: { name: head, words: { negative: "great" } } },
    /^Cannot use the word "great" for the label positive: words must differ, negative has it already$/,
  ],
  [
    "words for a label of no task",
    { head: { name: head, words: { neutral: "okay" } } },
    /^Cannot use words for the label neutral: it must be one of negative, positive$/,
  ],
  [
    "a step size of a classifier that there is not",
    { training: { headLearningRate: 0.1 } },
    /^Cannot use training\.headLearningRate: a method must have a classifier, with head none has$/,
  ],
];

for (const [what, changes, message] of wrong) {
  Deno.test(`a language model's head is refused with ${what}`, () =>
    refused({ models: [gpt2], head, ...changes }, message));
}

Deno.test("a prompt starts from a template's words only where a template is", async () => {
  const methods = [{ "prompt-tuning": { start: "template" } }];
  assert.equal((await cellsOf(worded({ methods })))[0].spec.method[0].options.start, "template");
  await refused(
    { models: [gpt2], methods },
    /^Cannot use prompt-tuning: start must not be template where no template is, /,
  );
});

Deno.test("an unknown head is refused, and an unknown key of one", () => {
  assert.throws(
    () => parsed({ head: "classifier" }),
    /^UsageError: Cannot read the study: head must be language-model/,
  );
  assert.throws(
    () => parsed({ head: { name: head, template: manual } }),
    /head: there is no key template, .*templates$/,
  );
});

Deno.test("training from an adapter that answers by words goes on with its template and words, or is refused", () =>
  inFolder({}, async (out) => {
    const entry = { "prompt-tuning": { virtualTokens: 2, start: "template" } };
    const ofAdapter = { template: "{text} I call it {answer}.", words: [["bad"], ["good", "fine"]] };
    const [{ spec }] = await cellsOf(worded({ methods: [entry] }));
    const { shape } = await findFolder(gpt2);
    const [{ name, options }] = spec.method;
    const adaptation = compose([{ method: methods[name], options: options as CommonOptions }], shape);
    const values = adaptation.parameters.map((
      { name, shape },
    ) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]);
    const note = noteOf("run", { ...spec, head: ofAdapter }, taskOfSpec(spec.task), { complete: true, hashes: "" });
    const peft = { task_type: "CAUSAL_LM", modules_to_save: null };
    await writeAdapter(`${out}/adapter`, adaptation, Object.fromEntries(values), [], { peft, note });
    const from = { from: `${out}/adapter`, methods: [] };
    const [cell] = await cellsOf(study({ models: [gpt2], ...from }));
    assert.deepEqual(cell.spec.head, ofAdapter);
    assert.ok(!Object.hasOwn(cell.spec.training, "headLearningRate"));
    // What the study says comes first.
    assert.deepEqual((await cellsOf(worded(from)))[0].spec.head, { template: manual, words: great });
    await refused(
      { models: [gpt2], ...from, tasks: ["brown/negation"] },
      /^Cannot start from .*adapter for the task brown\/negation: .*, negative, positive; --head language-model takes/,
    );
  }));
