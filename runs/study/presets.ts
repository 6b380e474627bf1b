/**
 * Studies with a name.
 * @module
 */
import type { Study } from "./study.ts";

/** A study with a name. */
export interface Preset {
  /** What it compares, and how long it takes. */
  description: string;
  /** The study. */
  study: Study;
}

/** The methods that TuneBench was first made to compare. */
const MAIN_METHODS = [
  "full",
  "linear-probe",
  "bitfit",
  "prompt-tuning",
  "p-tuning",
  "prefix-tuning",
  "lora",
  "lora+prompt-tuning",
];

/** Presets by name. */
export const presets: Record<string, Preset> = {
  smoke: {
    description: "one task, three methods, one seed, a few steps: seconds, and scores that mean nothing",
    study: {
      models: ["use-lite"],
      tasks: ["sentiment/amazon"],
      methods: ["linear-probe", "prompt-tuning", "lora"],
      seeds: [0],
      data: { train: 48, validation: 32, test: 64 },
      device: "cpu",
      training: { epochs: 1 },
    },
  },
  quick: {
    description: "two tasks, eight methods, three seeds: minutes",
    study: {
      models: ["use-lite"],
      tasks: ["brown/negation", "sentiment/amazon"],
      methods: MAIN_METHODS,
      seeds: [0, 1, 2],
      data: { train: 300, validation: 150, test: 400 },
      device: "cpu",
      training: {},
    },
  },
  standard: {
    description: "five tasks, nine methods, five seeds, twice the examples: an hour",
    study: {
      models: ["use-lite"],
      tasks: ["brown/negation", "sentiment/amazon", "sentiment/imdb", "sentiment/yelp", "wordnet/verb"],
      methods: [...MAIN_METHODS, "lora+prefix-tuning"],
      seeds: [0, 1, 2, 3, 4],
      data: { train: 600, validation: 150, test: 400 },
      device: "cpu",
      training: {},
    },
  },
};
