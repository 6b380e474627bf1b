/**
 * The run spec: everything that decides a result, and nothing else. Its canonical hash names the run.
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";

const partSchema = z.strictObject({
  name: z.string(),
  /** Every option of the method, defaults filled in. */
  options: z.record(z.string(), z.unknown()),
});

/** Schema of a run spec; unknown keys are errors. */
export const specSchema = z.strictObject({
  model: z.strictObject({ name: z.string(), revision: z.string() }),
  task: z.strictObject({ name: z.string(), version: z.int() }),
  /** Numbers of examples asked for. */
  data: z.strictObject({ train: z.int().positive(), validation: z.int().positive(), test: z.int().positive() }),
  /** The method's parts in the order given; one part unless methods are joined with +. */
  method: z.array(partSchema).min(1),
  seed: z.int().nonnegative(),
  training: z.strictObject({
    epochs: z.int().positive(),
    batchSize: z.int().positive(),
    /** Step size of the classifier. */
    headLearningRate: z.number().positive(),
    weightDecay: z.number().nonnegative(),
    /** Share of the steps in which the step size rises linearly from 0; it then falls linearly to 0. */
    warmup: z.number().min(0).max(1),
    /** Greatest global norm of the gradient. */
    clip: z.number().positive(),
    /** Most tokens of a text, virtual tokens not counted. */
    maxLength: z.int().positive(),
    /** Rows (examples × length) of a micro-batch; gradients of a batch's micro-batches are added. */
    microBatchRows: z.int().positive(),
  }),
  device: z.string(),
  precision: z.literal("float32"),
});

/** Everything that decides a run's result. */
export type RunSpec = z.infer<typeof specSchema>;

/** JSON with sorted keys and no white space: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) =>
      inner !== null && typeof inner === "object" && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
  );
}

function hash16(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 16);
}

/** Names a run: the first 16 hexadecimal digits of the SHA-256 of its canonical spec. */
export function runId(spec: RunSpec): string {
  return hash16(spec);
}

/** Names a setting, what the runs of all seeds have in common: the hash of the spec without its seed. */
export function settingId(spec: RunSpec): string {
  const { seed: _, ...rest } = spec;
  return hash16(rest);
}

/** A method as users write it: "lora+prompt-tuning". */
export function methodName(spec: RunSpec): string {
  return spec.method.map((part) => part.name).join("+");
}
