/**
 * The table of tasks.
 * @module
 */
import { amazon } from "./amazon.ts";
import { brownNegation } from "./brown-negation.ts";
import { e2e } from "./e2e.ts";
import { hubTasks } from "./hub/mod.ts";
import { imdb } from "./imdb.ts";
import { rte } from "./rte.ts";
import type { AnyTask } from "./types.ts";
import { wordnetVerb } from "./wordnet-verb.ts";
import { yelp } from "./yelp.ts";

/** Every task by its name. */
export const tasks: Record<string, AnyTask> = Object.fromEntries(
  [amazon, imdb, yelp, brownNegation, wordnetVerb, rte, e2e, ...hubTasks].map((task) => [task.name, task]),
);
