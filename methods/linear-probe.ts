/**
 * The linear probe.
 * @module
 */
import { z } from "zod";
import { commonOptions, commonSpace } from "./shared/options.ts";
import type { Method } from "./types.ts";

/**
 * Trains the classifier alone, on features of the unchanged backbone. Parameters: none. Its `learningRate` is the step size
 * of the classifier; a study may also give it as `training.headLearningRate`.
 */
export const linearProbe: Method = {
  name: "linear-probe",
  description: "linear probe: the classifier alone is trained",
  paper:
    "Alain and Bengio (2017), Understanding intermediate layers using linear classifier probes, https://arxiv.org/abs/1610.01644",
  options: z.strictObject(commonOptions(3e-2)),
  space: commonSpace(1e-3, 0.1),
  parameters: () => [],
  trains: () => [],
  count: () => 0,
  identityAtStart: true,
  hooks: () => ({}),
};
