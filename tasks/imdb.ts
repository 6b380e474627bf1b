/**
 * Sentiment of film reviews on imdb.com.
 * @module
 */
import { sentimentTask } from "./sentiment.ts";
import type { Task } from "./types.ts";

/** 997 different sentences. */
export const imdb: Task = sentimentTask({
  name: "imdb",
  reviews: "film reviews on imdb.com",
  source: {
    path: "sentiment/test/fixtures/imdb.json",
    sha256: "44a7b9082ed732ee2de3c858ea5ee2e99aca34f239a1c4359d3a300bf099bdb5",
  },
});
