/**
 * One figure for a score and its costs: the PSCP of PEFT-Bench (Belanec et al., 2025, https://arxiv.org/abs/2511.21285,
 * equation 3). What it weighs is a choice: reports print the constants, and never rank by it.
 * @module
 */
import type { Run } from "../runs/run.ts";
import { middleCost } from "./costs.ts";

/** A cost of {@linkcode pscp}: the amount C that halves the score, and the weight β. */
export interface Penalty {
  /** What it is, with its unit. */
  name: string;
  /** C. */
  reference: number;
  /** β. */
  weight: number;
}

/** Costs that lessen a score. */
export interface PenalisedCosts {
  /** Trained values. */
  parameters: number;
  /** FLOPs of answering a text, beyond those of the backbone alone. */
  flops: number;
  /** Bytes that training takes. */
  memory: number;
}

/** The constants of the paper's section 4: 0.5 billion parameters, 10 TFLOPs, 94 GB, and 1 for each β. */
export const PENALTIES: Record<keyof PenalisedCosts, Penalty> = {
  parameters: { name: "trained parameters", reference: 5e8, weight: 1 },
  flops: { name: "FLOPs of a text beyond the backbone's", reference: 10e12, weight: 1 },
  memory: { name: "bytes of planned memory", reference: 94e9, weight: 1 },
};

/** score · Π (1 + cost ÷ C)^−β. */
export function pscp(score: number, costs: PenalisedCosts): number {
  return Object.entries(PENALTIES).reduce(
    (product, [name, { reference, weight }]) =>
      product * (1 + costs[name as keyof PenalisedCosts] / reference) ** -weight,
    score,
  );
}

/**
 * The PSCP of a setting, of the medians of its costs; null where a cost is not known, or where a smaller score would not be
 * a worse one.
 */
export function pscpOf(
  { mean, metric, runs }: { mean: number; metric: { direction: "higher" | "lower" }; runs: readonly Run[] },
): number | null {
  const [flops, ofBackbone] = [middleCost(runs, "inference_flops"), middleCost(runs, "backbone_flops")];
  if (flops === null || ofBackbone === null || metric.direction === "lower" || mean < 0) return null;
  return pscp(mean, {
    parameters: middleCost(runs, "trainable_params")!,
    flops: flops - ofBackbone,
    memory: middleCost(runs, "planned_memory_bytes")!,
  });
}
