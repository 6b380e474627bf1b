/**
 * Training options of tasks of generation: those of a study as specs have them.
 * @module
 */
import { UsageError } from "../../../base/errors.ts";
import type { TrainingSpec } from "../spec.ts";
import type { GenerationOption } from "../training-defaults.ts";

/** Training options that one use of a model alone has. */
export const KIND_OF_OPTION: Record<GenerationOption | "headLearningRate", "classification" | "generation"> = {
  headLearningRate: "classification",
  outputLength: "generation",
  chat: "generation",
  temperature: "generation",
  topP: "generation",
  beams: "generation",
  stop: "generation",
};

/** Most tokens of a text that is learnt or generated, unless the study gives another number. */
const OUTPUT_LENGTH = 64;

/** Training options without those of generation. */
export type CommonTraining = Omit<TrainingSpec, GenerationOption>;

/** Options of generation as specs have them: what is at its default, greedy generation, is left out. */
export type GenerationOptions = Pick<TrainingSpec, GenerationOption> & { outputLength: number };

/**
 * The options of generation, and the others. A nucleus without a temperature is sampled at temperature 1, and temperature 0 is greedy.
 * @throws {UsageError} if options contradict each other
 */
export function splitGenerationOptions(training: TrainingSpec): [GenerationOptions, CommonTraining] {
  const { outputLength = OUTPUT_LENGTH, chat, temperature, topP = 1, beams = 1, stop = [], ...others } = training;
  if (temperature === 0 && topP < 1) {
    throw new UsageError(
      `Cannot sample texts: training.topP must be 1 where training.temperature is 0, current value is ${topP}`,
    );
  }
  const isSampled = temperature === undefined ? topP < 1 : temperature > 0;
  if (isSampled && beams > 1) {
    throw new UsageError(
      "Cannot generate texts: training.beams must be 1 where texts are sampled, by training.temperature or " +
        `training.topP, current value is ${beams}`,
    );
  }
  const ofGeneration = {
    outputLength,
    ...chat && { chat },
    ...isSampled && { temperature: temperature ?? 1 },
    ...topP < 1 && { topP },
    ...beams > 1 && { beams },
    ...stop.length > 0 && { stop: [...new Set(stop)].sort() },
  };
  return [ofGeneration, others];
}
