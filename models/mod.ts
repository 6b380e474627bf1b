/**
 * The table of models.
 * @module
 */
import type { Model } from "./types.ts";
import { useLite } from "./use-lite.ts";

/** Every model that needs no files of the user's, by name. */
export const models: Record<string, Model> = {
  "use-lite": useLite,
};
