/**
 * Training examples that stand, with their answers, before the texts that are to be answered.
 * Brown et al. (2020), https://arxiv.org/abs/2005.14165, section 2, calls them demonstrations.
 * @module
 */
import { Random } from "../../../base/random.ts";
import type { Example } from "../../../tasks/types.ts";

/**
 * Draws examples, classes in turn, in an order of classes and of the examples of a class that the seed alone decides.
 * @throws {Error} if there are fewer
 */
export function drawDemonstrations<E extends Pick<Example, "label">>(
  train: readonly E[],
  count: number,
  seed: number,
): E[] {
  if (count > train.length) {
    throw new Error(
      `Cannot put ${count} examples before a text: there must be as many to train on, there are ${train.length}`,
    );
  }
  const random = new Random(seed, "demonstrations");
  const classes = [...Map.groupBy(random.shuffle(train), ({ label }) => label).values()];
  const rounds = Math.max(0, ...classes.map(({ length }) => length));
  const inTurn = Array.from({ length: rounds }, (_, round) => classes.flatMap((same) => same.slice(round, round + 1)));
  return inTurn.flat().slice(0, count);
}
