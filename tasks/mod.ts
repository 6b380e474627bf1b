/**
 * The table of tasks.
 * @module
 */
import { amazon } from "./amazon.ts";
import { brownNegation } from "./brown-negation.ts";
import { imdb } from "./imdb.ts";
import { rte } from "./rte.ts";
import type { Task } from "./types.ts";
import { wordnetVerb } from "./wordnet-verb.ts";
import { yelp } from "./yelp.ts";

/** Every task by its name. */
export const tasks: Record<string, Task> = Object.fromEntries(
  [amazon, imdb, yelp, brownNegation, wordnetVerb, rte].map((task) => [task.name, task]),
);
