import assert from "node:assert/strict";
import { haltonCoordinate } from "../../../../base/quasi-random.ts";
import { type Axis, isList } from "../../../../base/search-space.ts";
import { methods } from "../../../../methods/mod.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import type { Cell } from "../../../../runs/study/cell.ts";
import { settingId } from "../../../../runs/study/spec.ts";
import { tunedOptions } from "../../../../runs/study/tuning/space.ts";
import { study } from "../small-study.ts";

const tuned = (cells: readonly Cell[]) => cells.filter(({ spec }) => spec.tuning);
/** Specs of a cell's trials, in order. */
const trialsOf = (cells: readonly Cell[], { trials = [] }: Cell) =>
  trials.map((id) => cells.find((cell) => cell.id === id)!.spec);

/** Where a value lies in an axis, from 0 to 1. */
function placeOf(axis: Axis, value: unknown): number {
  if (isList(axis)) return (axis.indexOf(value as number) + 0.5) / axis.length;
  const { from, to, log } = axis;
  const number = value as number;
  return log ? Math.log(number / from) / Math.log(to / from) : (number - from) / (to - from);
}

Deno.test("a tuned cell comes after its trials, the first of which has the defaults; without tuning nothing changes", async () => {
  const plain = await cellsOf(study({ seeds: [0, 1] }));
  const cells = await cellsOf(study({ seeds: [0, 1], tuning: { trials: 4 } }));
  assert.equal(cells.length, 10);
  for (const [seed, cell] of tuned(cells).entries()) {
    const trials = trialsOf(cells, cell);
    assert.deepEqual(
      trials.map(({ trial, seed, tuning }) => [trial, seed, tuning]),
      Array(4).fill([true, seed, undefined]),
    );
    const { spec } = plain[seed];
    assert.deepEqual(trials[0], { ...spec, trial: true });
    assert.deepEqual({ ...cell.spec, tuning: undefined }, { ...spec, tuning: undefined });
    assert.ok(cells.indexOf(cell) === 5 * seed + 4);
  }
  assert.equal(new Set(tuned(cells).map(({ spec }) => settingId(spec))).size, 1);
});

Deno.test("all methods try the same points of the unit cube, and each seed has points of its own", async () => {
  const names = Object.keys(methods).filter((name) => !methods[name].untrained);
  const cells = await cellsOf(
    study({ methods: [...names, "lora+prompt-tuning"], seeds: [0, 5], tuning: { trials: 5 } }),
  );
  const pointsOfSeeds = new Set<string>();
  for (const cell of tuned(cells)) {
    const { seed, tuning, method } = cell.spec;
    const options = tunedOptions(tuning!, method.map(({ name }) => name));
    trialsOf(cells, cell).slice(1).forEach((spec, index) => {
      options.forEach(({ part, option, axis }, coordinate) => {
        const expected = haltonCoordinate(seed, index, coordinate);
        const place = placeOf(axis, spec.method.find(({ name }) => name === part)!.options[option]);
        // Values are rounded: to an entry of a list, to whole epochs, to four digits.
        const tolerance = isList(axis) ? 0.5 / axis.length : axis.whole ? 0.15 : 1e-3;
        assert.ok(Math.abs(place - expected) <= tolerance + 1e-9, `${part}.${option} ${place} ${expected}`);
        if (coordinate === 0) pointsOfSeeds.add(`${seed} ${index} ${expected}`);
      });
    });
  }
  assert.equal(pointsOfSeeds.size, 8);
  assert.equal(new Set([...pointsOfSeeds].map((text) => text.split(" ")[2])).size, 8);
});

Deno.test("more trials begin with the same ones, so that their records are used again", async () => {
  const idsOf = async (trials: number) => tuned(await cellsOf(study({ tuning: { trials } })))[0].trials!;
  assert.deepEqual((await idsOf(8)).slice(0, 4), await idsOf(4));
});

Deno.test("an option that the study states is not tuned, and a method of which all are stated is not tuned at all", async () => {
  const spaceOf = async (changes: Parameters<typeof study>[0]) => {
    const [cell] = tuned(await cellsOf(study({ tuning: { trials: 2 }, ...changes })));
    return cell &&
      Object.fromEntries(Object.entries(cell.spec.tuning!.space).map(([part, axes]) => [part, Object.keys(axes)]));
  };
  assert.deepEqual(await spaceOf({}), { lora: ["learningRate", "epochs", "rank"] });
  assert.deepEqual(await spaceOf({ methods: [{ lora: { rank: 4 } }] }), { lora: ["learningRate", "epochs"] });
  assert.deepEqual(await spaceOf({ training: { epochs: 2 } }), { lora: ["learningRate", "rank"] });
  assert.deepEqual(await spaceOf({ methods: ["linear-probe"], training: { headLearningRate: 0.01 } }), {
    "linear-probe": ["epochs"],
  });
  assert.equal(await spaceOf({ methods: [{ bitfit: { learningRate: 0.01 } }], training: { epochs: 2 } }), undefined);
  // Joined methods have one number of epochs.
  assert.deepEqual(await spaceOf({ methods: ["lora+prompt-tuning"] }), {
    "lora": ["learningRate", "epochs", "rank"],
    "prompt-tuning": ["learningRate", "virtualTokens"],
  });
});

Deno.test("a study's space replaces the method's; stated values are then those of the first trial", async () => {
  const spaces = { lora: { rank: { from: 2, to: 16, log: true as const }, dropout: { from: 0, to: 0.5 } } };
  const cells = await cellsOf(study({ methods: [{ lora: { rank: 3 } }], tuning: { trials: 6, spaces } }));
  const [cell] = tuned(cells);
  assert.deepEqual(cell.spec.tuning!.space, {
    lora: { rank: { ...spaces.lora.rank, whole: true }, dropout: spaces.lora.dropout },
  });
  const options = trialsOf(cells, cell).map(({ method: [{ options }] }) => options);
  assert.equal(options[0].rank, 3);
  assert.ok(options.every(({ rank, epochs }) => Number.isInteger(rank) && epochs === options[0].epochs));
  assert.ok(options.slice(1).every(({ dropout }) => Number(dropout) > 0 && Number(dropout) < 0.5));
});

Deno.test("the epochs and the step size of a trial are those of its training, also where the classifier alone is trained", async () => {
  const cells = await cellsOf(study({ methods: ["linear-probe", "lora+prompt-tuning"], tuning: { trials: 3 } }));
  for (const { spec: { method, training } } of cells.filter(({ spec }) => spec.trial)) {
    for (const { name, options } of method) {
      assert.equal(options.epochs, training.epochs);
      if (name === "linear-probe") assert.equal(options.learningRate, training.headLearningRate);
      else assert.equal(training.headLearningRate, 0.003);
    }
  }
});

Deno.test("trials with the same values are one cell", async () => {
  const spaces = { lora: { rank: [4, 8] } };
  const cells = await cellsOf(study({ tuning: { trials: 9, spaces } }));
  assert.deepEqual([cells.length, tuned(cells)[0].trials!.length], [3, 9]);
});

Deno.test("a study of trials has cells without test scores, other runs than without", async () => {
  const [cell] = await cellsOf(study({ trial: true }));
  const [plain] = await cellsOf(study());
  assert.deepEqual(cell.spec, { ...plain.spec, trial: true });
  assert.notEqual(cell.id, plain.id);
});
