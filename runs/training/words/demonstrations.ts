/**
 * Training examples that stand, with their answers, before the texts that are to be answered.
 * Brown et al. (2020), https://arxiv.org/abs/2005.14165, section 2, calls them demonstrations.
 * @module
 */
import { UsageError } from "../../../base/errors.ts";
import { Random } from "../../../base/random.ts";
import type { Part } from "../../../methods/adaptation/compose.ts";
import type { Backbone } from "../../../models/types.ts";
import type { Example } from "../../../tasks/types.ts";
import type { AnyExample } from "../split.ts";

/** An example with its right answer. */
export type Demonstration = Pick<Example, "text" | "pair" | "label">;

/** What stands between demonstrations, and between them and the text that is to be answered. */
export const BLANK_LINE = "\n\n";

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

/** The answered examples that a method puts before each text. @throws {Error} if there are fewer */
export function demonstrationsOf(
  parts: readonly Part[],
  train: readonly AnyExample[],
  seed: number,
): readonly Example[] {
  const count = parts.reduce((sum, { method, options }) => sum + (method.examples?.(options) ?? 0), 0);
  // Only tasks of classification have words to answer with.
  return count === 0 ? [] : drawDemonstrations(train as readonly Example[], count, seed);
}

/**
 * Number of tokens that demonstrations take.
 * @param texts the demonstrations as they are written, one after the other
 * @param limit most tokens of a text that is to be answered
 * @param most tokens that the model reads
 * @throws {UsageError} how many of them fit beside such a text, if not all do
 */
export async function countFitting(
  texts: readonly string[],
  tokenize: NonNullable<Backbone["tokenize"]>,
  limit: number,
  most: number,
): Promise<number> {
  const lengths = await Array.fromAsync(
    texts,
    async (_, at) => (await tokenize(texts.slice(0, at + 1).join(""))).length,
  );
  const fit = lengths.filter((length) => length + limit <= most).length;
  if (fit === texts.length) return lengths.at(-1) ?? 0;
  throw new UsageError(
    `Cannot put ${texts.length} examples before a text: with ${limit} tokens of the text they must fit into the ` +
      `model's ${most}, ${fit === 0 ? "none does" : `${fit} of them do`}`,
  );
}
