import assert from "node:assert/strict";
import { presets } from "../../../runs/study/presets.ts";
import { parseSeeds, parseShots, parseStudy, readStudy } from "../../../runs/study/study.ts";
import { inFolder } from "../../in-folder.ts";
import { UsageError } from "../../../base/errors.ts";

const base = presets.quick.study;
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parseStudy(value, base), (error) => error instanceof UsageError && message.test(error.message));

Deno.test("a count of seeds starts at 0, a list is a list, one seed has a comma after it", () => {
  assert.deepEqual(parseSeeds("3"), [0, 1, 2]);
  assert.deepEqual(parseSeeds("1"), [0]);
  assert.deepEqual(parseSeeds("0,1,7"), [0, 1, 7]);
  assert.deepEqual(parseSeeds("7,"), [7]);
  assert.deepEqual(parseSeeds("5,2,"), [5, 2]);
});

Deno.test("seeds that are not whole numbers are refused with their value", () => {
  for (const text of ["", "0", "x", "1.5", "-1", "1,x", "1,,2", ",", "1;2", "0x3", "1e3", " 3"]) {
    assert.throws(
      () => parseSeeds(text),
      (error) => error instanceof UsageError && error.message.endsWith(`current value is ${text}`),
      text,
    );
  }
});

Deno.test("examples of each class stand in the place of all numbers, and --shots keeps a test set that stands beside others", () => {
  assert.deepEqual(parseStudy({ data: { perClass: 16 } }, base).data, { perClass: 16 });
  assert.deepEqual(parseStudy({ data: { perClass: { grid: [4, 8] }, test: 90 } }, base).data, {
    perClass: { grid: [4, 8] },
    test: 90,
  });
  assert.deepEqual(parseShots("8", base.data), { perClass: 8 });
  assert.deepEqual(parseShots("8", { perClass: 16, test: 90 }), { perClass: 8, test: 90 });
  for (const text of ["0", "x", "1.5", "", "-4"]) {
    assert.throws(() => parseShots(text, base.data), {
      name: "UsageError",
      message:
        `Cannot read --shots: it must be a whole number from 1, of examples of each class, current value is ${text}`,
    });
  }
});

Deno.test("a study takes from the base what it leaves out", () => {
  const study = parseStudy({ methods: ["lora", { lora: { rank: 4 }, "prompt-tuning": {} }], seeds: [4] }, base);
  assert.deepEqual(study, {
    ...base,
    methods: ["lora", { lora: { rank: 4 }, "prompt-tuning": {} }],
    seeds: [4],
  });
});

Deno.test("a study with an unknown key is refused with the nearest name", () => {
  refused({ method: ["lora"] }, /no key method, the nearest name is methods/);
  refused({ training: { epoch: 3 } }, /training: there is no key epoch, the nearest name is epochs/);
});

Deno.test("a study with a value out of range is refused with the value", () => {
  refused({ seeds: [] }, /seeds .*current value is \[\]/);
  refused({ seeds: [-1] }, /seeds.0 must be at least 0, current value is -1/);
  refused({ data: { train: 0, validation: 1, test: 1 } }, /data.train must be greater than 0, current value is 0/);
  refused({ methods: [3] }, /methods.0 must be a name or .*current value is 3/);
  refused({ methods: [{}] }, /methods.0 must be a name or .*current value is \{\}/);
  refused({ training: { headLearningRate: -1 } }, /headLearningRate .*current value is -1/);
  refused([1], /current value is \[1\]/);
});

Deno.test("a study file that is missing or no JSON is refused with its path", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, "{");
    await assert.rejects(readStudy(path, base), (error) => error instanceof UsageError && error.message.includes(path));
  } finally {
    await Deno.remove(path);
  }
  await assert.rejects(readStudy(path, base), UsageError);
});

Deno.test("every preset is a valid study", () => {
  for (const { study } of Object.values(presets)) assert.deepEqual(parseStudy(study, base), study);
});

Deno.test("numbers of examples that a study leaves out are those of the base", () => {
  assert.deepEqual(parseStudy({ data: { train: 48 } }, base).data, { ...base.data, train: 48 });
  refused({ data: [1] }, /data must be an object, current value is \[1\]/);
});

Deno.test("a study file may begin with a byte-order mark", () =>
  inFolder({ "study.json": '\ufeff{"seeds": [4]}' }, async (folder) => {
    assert.deepEqual((await readStudy(`${folder}/study.json`, base)).seeds, [4]);
  }));

Deno.test("a study file may have comments and commas before a closing bracket", () => {
  const text = '// Which seeds?\n{ "seeds": [4, /* not 5 */], "taskFiles": "a//b", }\n';
  return inFolder({ "study.json": text }, async (folder) => {
    const study = await readStudy(`${folder}/study.json`, base);
    assert.deepEqual([study.seeds, study.taskFiles], [[4], "a//b"]);
  });
});

Deno.test("a fault of a study file is named with its line and column", async () => {
  const faults: [string, RegExp][] = [
    ['{\n  "seeds": [0, -1]\n}', /, line 2, column 16: seeds\.1 must be at least 0, current value is -1$/],
    [
      '// a\n{ "methods": [\n  { "lora": { "rank": { "grid": [] } } }] }',
      /, line 3, column 33: methods\.0\.lora\.rank\.grid/,
    ],
    ['{ "data":\n { "trian": 3 } }', /, line 2, column 13: data: there is no key trian, the nearest name is train$/],
    ['{ "exclude": [{ "data": { "train": 0 } }] }', /, line 1, column 36: exclude\.0\.data\.train must be greater/],
    ["[1]", /, line 1, column 1: it must be an object, current value is \[1\]$/],
    ['{\n  "seeds": [4]\n  "tasks": []\n}', /, line 3, column 3: it must be JSON, a comma is missing$/],
  ];
  for (const [text, message] of faults) {
    await inFolder(
      { "study.json": text },
      (folder) =>
        assert.rejects(readStudy(`${folder}/study.json`, base), (error) => {
          assert.ok(error instanceof UsageError);
          assert.ok(error.message.startsWith(`Cannot read the study ${folder}/study.json`));
          assert.match(error.message, message);
          return true;
        }),
    );
  }
});

Deno.test("a study file may name its schema and say what it is, which changes nothing", () => {
  const { $schema, description } = { $schema: "../schema/study.json", description: "tries one seed" };
  assert.deepEqual(parseStudy({ $schema, description, seeds: [4] }, base), parseStudy({ seeds: [4] }, base));
  refused({ $schema: 3 }, /\$schema must be a text, current value is 3$/);
});
