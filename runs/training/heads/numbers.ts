/**
 * Regression: an answer is a number.
 * @module
 */
import { regressionMetrics } from "../../../tasks/metrics/regression.ts";
import type { RegressionExample, RegressionTask } from "../../../tasks/types.ts";
import { objectiveOf } from "../../programs/objective.ts";
import { Diverged, lookUpMetrics } from "../evaluate.ts";
import type { HeadKind } from "./types.ts";

/** The kind of a task of regression. */
export function numbers({ metrics }: Pick<RegressionTask, "metrics">): HeadKind<RegressionExample, number> {
  return {
    objective: objectiveOf("regression", 0),
    metrics: lookUpMetrics(regressionMetrics, metrics),
    rightOf: ({ target }) => target,
    collate: (answers) => ({ data: Float32Array.from(answers), shape: [answers.length] }),
    read([output]) {
      if (Number.isFinite(output)) return output;
      throw new Diverged("Cannot evaluate: an output is not a finite number");
    },
    lossOf: ([output], target) => (output - target) ** 2,
    constantOf: (targets) => targets.reduce((sum, target) => sum + target, 0) / targets.length,
    constantName: "mean",
    namesConstant: true,
    predictionOf: ({ id, target }, predicted) => ({ id, target, predicted }),
  };
}
