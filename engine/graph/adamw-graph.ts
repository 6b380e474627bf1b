/**
 * AdamW as a graph, for a device that keeps parameters, gradients and moments in its own memory. The formula is that of
 * `TrainingState`; what depends on the step and the settings is a scalar input.
 * @module
 */
import { fixed } from "./dim.ts";
import { Graph, type Node } from "./graph.ts";
import type { AdamWOptions, TrainableParameter } from "../adamw.ts";

/** Greatest float32. */
const LARGEST = 3.4028234663852886e38;

/** Sum of squares [1]. It is taken along the last axis first, so that many threads share the work. */
function squaredNorm(graph: Graph, x: Node): Node {
  const squares = graph.binary("Mul", x, x);
  const rank = x.shape.length;
  if (rank === 0) return graph.reshape(squares, [fixed(1)]);
  const rows = graph.reduce("ReduceSum", squares, [rank - 1], false);
  return graph.reshape(rank === 1 ? rows : graph.reduce("ReduceSum", rows, [...Array(rank - 1).keys()], false), [
    fixed(1),
  ]);
}

/** The different step sizes of the parameters. */
function learningRates(parameters: readonly TrainableParameter[]): number[] {
  return [...new Set(parameters.map(({ learningRate }) => learningRate))];
}

/**
 * One step of AdamW (Loshchilov and Hutter, 2019, algorithm 2) with gradients clipped to a global norm. For every
 * parameter, `parameter/…`, `gradient/…` (zeros afterwards), `first/…` and `second/…` (the moments) are inputs and
 * outputs. Each output may be written over the input of the same name: nothing reads that input afterwards.
 */
export function adamwGraph(parameters: readonly TrainableParameter[]): Record<string, Node> {
  const graph = new Graph();
  const scalar = (name: string) => graph.input(name, [], "float32");
  const [add, sub, mul, div] = ["Add", "Sub", "Mul", "Div"].map((op) => (a: Node, b: Node) => graph.binary(op, a, b));
  const rates = learningRates(parameters);
  const state = parameters.map(({ name, shape, learningRate }) => {
    const tensor = (kind: string) => graph.input(`${kind}/${name}`, shape.map(fixed), "float32");
    return {
      name,
      group: rates.indexOf(learningRate),
      parameter: tensor("parameter"),
      gradient: tensor("gradient"),
      first: tensor("first"),
      second: tensor("second"),
    };
  });
  const squares = graph.concat(state.map(({ gradient }) => squaredNorm(graph, gradient)), 0);
  const norm = graph.unary("Sqrt", graph.reduce("ReduceSum", squares, [0], false));
  // clip ÷ max(norm + 1e-6, clip) is min(1, clip ÷ (norm + 1e-6)) without a division that could overflow.
  const clip = scalar("clip");
  const scale = div(clip, graph.binary("Max", add(norm, graph.full(1e-6, [])), clip));
  const outputs: Record<string, Node> = {};
  for (const { name, group, parameter, gradient, first, second } of state) {
    const clipped = mul(gradient, scale);
    const mean = add(mul(first, scalar("beta1")), mul(clipped, scalar("rest1")));
    const square = add(mul(second, scalar("beta2")), mul(mul(clipped, clipped), scalar("rest2")));
    const step = div(
      mul(mean, scalar(`rate/${group}`)),
      add(mul(graph.unary("Sqrt", square), scalar("root")), scalar("epsilon")),
    );
    outputs[`parameter/${name}`] = sub(mul(parameter, scalar(`decay/${group}`)), step);
    outputs[`first/${name}`] = mean;
    outputs[`second/${name}`] = square;
    outputs[`gradient/${name}`] = mul(clipped, graph.full(0, []));
  }
  return outputs;
}

/**
 * The scalar inputs of a step.
 * @param steps steps taken, this one included
 * @param factor what every parameter's step size is multiplied by: the schedule's value
 */
export function adamwScalars(
  parameters: readonly TrainableParameter[],
  steps: number,
  factor: number,
  { beta1, beta2, epsilon, weightDecay, clip }: AdamWOptions,
): Record<string, number> {
  const scalars: Record<string, number> = {
    clip: Math.min(clip, LARGEST),
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    root: 1 / Math.sqrt(1 - beta2 ** steps),
    epsilon,
  };
  learningRates(parameters).forEach((learningRate, group) => {
    const rate = factor * learningRate;
    scalars[`decay/${group}`] = 1 - rate * weightDecay;
    scalars[`rate/${group}`] = rate / (1 - beta1 ** steps);
  });
  return scalars;
}
