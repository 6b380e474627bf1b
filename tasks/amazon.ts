/**
 * Sentiment of product reviews on amazon.com.
 * @module
 */
import { sentimentTask } from "./sentiment.ts";
import type { Task } from "./types.ts";

/** 987 different sentences. */
export const amazon: Task = sentimentTask({
  name: "amazon",
  reviews: "product reviews on amazon.com",
  source: {
    path: "sentiment/test/fixtures/amazon.json",
    sha256: "bc5eb0cac49fc45987301f1dc2d02cf5ca356ba6c882be179dce77d74e666ed9",
  },
});
