import assert from "node:assert/strict";
import { bestOf, type Scored } from "../../reports/best.ts";

function scored(id: string, scores: number[], seeds = scores.map((_, index) => index)): Scored {
  return { id, scores: new Map(scores.map((score, index) => [seeds[index], score])) };
}

function best(settings: Scored[], direction: "higher" | "lower" = "higher"): string[] {
  return [...bestOf(settings, direction)].sort();
}

// Differences to a, mean ± t(2) · s / √3 with t = 4.303: b 0.01 ± 0.043, c 0.03 ± 0, d 0.09 ± 0.066, e 0.06 ± 0.066.
const a = scored("a", [0.90, 0.92, 0.94]);
const b = scored("b", [0.88, 0.93, 0.92]);
const c = scored("c", [0.87, 0.89, 0.91]);
const d = scored("d", [0.80, 0.86, 0.83]);
const e = scored("e", [0.83, 0.89, 0.86]);

Deno.test("the best are the best mean and those whose paired difference from it may be zero", () => {
  assert.deepEqual(best([d, c, a, e, b]), ["a", "b", "e"]);
});

Deno.test("where lower is better, the lowest mean is the best", () => {
  // Differences to d: e 0.03 ± 0, c 0.06 ± 0.066, b 0.08 ± 0.025, a 0.09 ± 0.066.
  assert.deepEqual(best([a, b, c, d, e], "lower"), ["c", "d"]);
});

Deno.test("with one seed, no setting is the best", () => {
  assert.deepEqual(best([scored("x", [0.9]), scored("y", [0.8])]), []);
});

Deno.test("a setting of one seed is not the best, and does not keep others from it", () => {
  assert.deepEqual(best([scored("lucky", [0.99]), a, c]), ["a"]);
});

Deno.test("only the seeds that both settings have are paired, whatever their order", () => {
  // The differences of the common seeds 1 and 2 are 0; with seed 7 they would not be.
  assert.deepEqual(best([a, scored("f", [0.1, 0.94, 0.92], [7, 2, 1])]), ["a", "f"]);
  assert.deepEqual(best([a, scored("g", [0.1, 0.94], [7, 2])]), ["a"]);
});

Deno.test("settings with equal means are all the best", () => {
  const same = [0.5, 0.6, 0.7];
  assert.deepEqual(best([scored("x", same), scored("y", same, [5, 6, 7])]), ["x", "y"]);
});
