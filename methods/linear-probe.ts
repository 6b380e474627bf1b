/**
 * The linear probe.
 * @module
 */
import { z } from "zod";
import { ownForm } from "./stored.ts";
import type { Method } from "./types.ts";

/** Trains the classifier alone, on features of the untouched backbone. Parameters: none. */
export const linearProbe: Method = {
  name: "linear-probe",
  description: "linear probe: the classifier alone is trained",
  paper:
    "Alain and Bengio (2017), Understanding intermediate layers using linear classifier probes, https://arxiv.org/abs/1610.01644",
  options: z.strictObject({
    learningRate: z.number().positive().default(1e-2),
    epochs: z.int().min(1).default(20),
  }),
  parameters: () => [],
  trains: () => [],
  count: () => 0,
  storedCount: () => 0,
  identityAtStart: true,
  hooks: () => ({}),
  stored: () => ownForm({}),
};
