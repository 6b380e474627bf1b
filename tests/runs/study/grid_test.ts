import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { countPoints, pointsOf } from "../../../runs/study/points/grid.ts";
import { presets } from "../../../runs/study/presets.ts";
import { parseStudy } from "../../../runs/study/study.ts";

const base = presets.quick.study;
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parseStudy(value, base), (error) => error instanceof UsageError && message.test(error.message));

Deno.test("a value with grids stands for every combination of their values, the last one fastest", () => {
  const value = {
    lora: { rank: { grid: [1, 4] }, targets: ["ffn.in"] },
    "prompt-tuning": { virtualTokens: { grid: [2, 3] } },
  };
  const points = [[1, 2], [1, 3], [4, 2], [4, 3]].map(([rank, virtualTokens]) => ({
    lora: { rank, targets: ["ffn.in"] },
    "prompt-tuning": { virtualTokens },
  }));
  assert.deepEqual(pointsOf(value), points);
  assert.equal(countPoints(value), 4);
  assert.deepEqual(pointsOf("lora"), ["lora"]);
  // A grid of lists has lists as its values.
  assert.deepEqual(pointsOf({ targets: { grid: [["a"], ["b"], null] } }).length, 3);
});

Deno.test("grids may stand in data, in training and in the options of methods", () => {
  const given = {
    methods: [{ lora: { rank: { grid: [1, 4] } } }],
    data: { train: { grid: [50, 200] } },
    training: { batchSize: { grid: [8, 16] } },
  };
  const study = parseStudy(given, base);
  assert.deepEqual(study, { ...base, ...given, data: { ...base.data, ...given.data } });
});

Deno.test("a grid without values, with one twice, with a wrong one or with another key is refused", () => {
  for (const place of ["data.train", "training.epochs", "methods.0.lora.rank"]) {
    const at = (value: unknown) => {
      const [key, ...others] = place.split(".").reverse();
      return others.reduce<unknown>((inner, key) => (key === "0" ? [inner] : { [key]: inner }), { [key]: value });
    };
    const escaped = place.replaceAll(".", "\\.");
    refused(at({ grid: [] }), new RegExp(`: ${escaped}\\.grid must not be empty, current value is \\[\\]$`));
    refused(at({ grid: [2, 1, 2] }), new RegExp(`: ${escaped}\\.grid must have no value twice, .* \\[2,1,2\\]$`));
    refused(at({ grid: 2 }), new RegExp(`: ${escaped}\\.grid must be a list, current value is 2$`));
    refused(at({ grid: [2], step: 1 }), new RegExp(`: ${escaped}: there is no key step`));
  }
  refused({ data: { train: { grid: [1, 0] } } }, /data\.train\.grid\.1 must be greater than 0, current value is 0$/);
  refused({ data: { train: "x" } }, /data\.train must be a number, or \{"grid": \[values\]\}, current value is "x"$/);
});

Deno.test("a grid where none may stand is refused with its place", () => {
  refused({ seeds: { grid: [0, 1] } }, /seeds must be a list/);
  refused({ tasks: { grid: ["sentiment/imdb"] } }, /tasks must be a list/);
  refused({ device: { grid: ["cpu", "js"] } }, /device must be a text/);
  refused({ data: { grid: [{ train: 1 }] } }, /data: there is no key grid/);
  refused({ data: { train: { grid: [{ grid: [1] }] } } }, /data\.train\.grid\.0 must be a number/);
  refused({ exclude: [{ data: { train: { grid: [1] } } }] }, /exclude\.0\.data\.train must be a number/);
});

Deno.test("seeds out of range are refused with the one that is", () => {
  refused({ seeds: [0, -1] }, /seeds\.1 must be at least 0, current value is -1$/);
  refused({ seeds: [2 ** 53] }, /seeds\.0 must be .*9007199254740991, current value is 9007199254740992$/);
  refused({ seeds: [0.5] }, /seeds\.0 must be a whole number, current value is 0\.5$/);
});

Deno.test("an exclusion says which cells, by keys that there are", () => {
  refused({ exclude: [{}] }, /exclude\.0 must say which cells: by model, task, method, data or training/);
  refused({ exclude: [{ tasks: ["a"] }] }, /exclude\.0: there is no key tasks, the nearest name is task$/);
  refused({ exclude: [{ data: { trian: 3 } }] }, /exclude\.0\.data: there is no key trian, the nearest name is train$/);
});
