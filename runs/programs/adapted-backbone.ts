/**
 * A backbone with an adaptation: what its programs read, what is trained, and where the methods act.
 * @module
 */
import type { TrainableParameter } from "../../engine/adamw.ts";
import type { Tensors } from "../../engine/tensor.ts";
import type { ProgramArguments, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone, Hooks } from "../../models/types.ts";

/** A backbone with an adaptation. */
export interface AdaptedBackbone {
  /** Every trained tensor: those that the methods add, then the backbone's weights that they train in place. */
  parameters: readonly TrainableParameter[];
  /** Where the tensors lie that programs read and do not train: the backbone's and the methods' frozen ones. */
  weights: Record<string, StoredTensor>;
  /** In a program: the backbone's weights, as trained where they are trained in place. */
  currentWeights(args: ProgramArguments): Tensors;
  /** In a program: the hooks of the methods. */
  hooks(args: ProgramArguments): Hooks;
}

/**
 * Joins a backbone and an adaptation.
 * @param frozen where the adaptation's frozen tensors lie
 */
export function adaptBackbone(
  { stored, weights: shapes }: Backbone,
  adaptation: Adaptation,
  frozen: Record<string, StoredTensor>,
): AdaptedBackbone {
  const trained = new Set(adaptation.trains.map(({ name }) => name));
  const currentWeights = ({ weights, parameters }: ProgramArguments) => ({
    ...weights,
    ...Object.fromEntries([...trained].map((name) => [name, parameters[name]])),
  });
  return {
    parameters: [
      ...adaptation.parameters.map(({ name, shape, learningRate }) => ({ name, shape, learningRate })),
      ...adaptation.trains.map(({ name, learningRate }) => ({ name, shape: shapes[name], learningRate })),
    ],
    weights: {
      ...Object.fromEntries(Object.entries(stored).filter(([name]) => !trained.has(name))),
      ...frozen,
    },
    currentWeights,
    hooks: (args) => adaptation.hooks({ ...currentWeights(args), ...args.parameters }, args.dropout),
  };
}

/** The shapes of trained tensors by name, as signatures have them. */
export function shapesOf(parameters: readonly TrainableParameter[]): Record<string, readonly number[]> {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
}
