/**
 * Sentiment of restaurant reviews on yelp.com.
 * @module
 */
import { sentimentTask } from "./sentiment.ts";
import type { Task } from "./types.ts";

/** 996 different sentences. */
export const yelp: Task = sentimentTask({
  name: "yelp",
  reviews: "restaurant reviews on yelp.com",
  source: {
    path: "sentiment/test/fixtures/yelp.json",
    sha256: "9f3f47983f21eeb819380767b74bfa648eca208f156241111454b3e122773ff7",
  },
});
