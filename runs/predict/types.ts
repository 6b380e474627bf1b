/**
 * What goes into a predictor and what comes out.
 * @module
 */

import type { TaskKind } from "../../tasks/types.ts";

/** What a predictor is opened with. */
export interface PredictorOptions {
  /** The model, named as in a study; by default the one that the adapters' notes name. */
  model?: string;
  /** Folders of adapters: results/adapters/<id>, or made by PEFT. */
  adapters: readonly string[];
  /** Name of the device, by default `cpu`. */
  device?: string;
  /** Processor threads, by default one for each core. */
  threads?: number;
  /** Texts are encoded in a process of its own: a tokenizer that makes its process end then fails a line alone. */
  apart?: boolean;
}

/** A text to answer. */
export interface Line {
  /** The text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /** The choices of which one answers, for an adapter of multiple choice. */
  choices?: readonly string[];
  /** The adapter that answers, by its name or its folder's name; by default every adapter does. */
  adapter?: string;
}

/** What is known of an adapter. */
export interface AdapterInfo {
  /** Its task's name; its folder's where the task is unknown or several adapters have it. */
  name: string;
  /** Its folder. */
  folder: string;
  /** Its task; null where PEFT made it. */
  task: string | null;
  /** What it does with a text. */
  kind: TaskKind;
  /** Names of its classes or labels; none where its answers are numbers, texts or choices of a line's own. */
  labels: readonly string[];
}

/** What every answer says. */
export interface AnyAnswer {
  /** Name of the adapter that answers. */
  adapter: string;
  /** Its task; null where PEFT made it. */
  task: string | null;
  /** The text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /**
   * Only the beginning of the text was read, or the newest turns of a dialogue, because it is longer than the adapter was trained on or
   * the model reads.
   */
  truncated?: true;
}

/** The class of a text, or the one of its choices. */
export interface Classified extends AnyAnswer {
  /** The most probable class, or choice. */
  label: string;
  /** Probability of every class, or choice. */
  probabilities: Record<string, number>;
}

/** The number of a text. */
export interface Estimated extends AnyAnswer {
  /** The number. */
  value: number;
}

/** The labels of a text, of which there may be any number. */
export interface Labelled extends AnyAnswer {
  /** The labels whose probability reaches the adapter's threshold. */
  labels: string[];
  /** Probability of every label. */
  probabilities: Record<string, number>;
}

/** A generated text. */
export interface Generated extends AnyAnswer {
  /** What follows the text. */
  generated: string;
}

/** The answer of an adapter to a text. */
export type Answer = Classified | Estimated | Labelled | Generated;

/** A text while it is being generated. */
export interface PartialGeneration extends AnyAnswer {
  /** Which of the answers it will be, counted from 0. */
  answer: number;
  /** What follows the text so far. */
  generated: string;
}

/** How texts are answered. */
export interface PredictOptions {
  /** Called with each generated text whenever it has a new token. */
  onPartial?(partial: PartialGeneration): void;
  /** Called with each line that cannot be answered, and why; the others are answered. Absent: the first ends all. */
  onRefused?(line: Line | string, error: Error): void;
}
