/**
 * Joining methods: what training and prediction see of one method or of several.
 * @module
 */
import { TRACED_SIZES } from "../../engine/graph/dim.ts";
import type { ProgramArguments } from "../../engine/types.ts";
import type { Tensors } from "../../engine/tensor.ts";
import { checkedHooks, composeHooks } from "./hooks.ts";
import type { BackboneShape, Hooks } from "../../models/types.ts";
import { storedCount, type StoredForm, storedForm } from "./stored-form.ts";
import type { CommonOptions, FrozenTensor, Method, MethodParameter } from "../types.ts";

/** A method with its options. */
export interface Part {
  /** The method. */
  method: Method;
  /** Its options, defaults filled in. */
  options: CommonOptions;
}

/** A trainable tensor and its step size. */
export interface AdaptationParameter extends MethodParameter {
  /** AdamW step size. */
  learningRate: number;
}

/** A weight of the backbone that is trained in place, and its step size. */
export interface TrainedWeight {
  /** Name of the weight. */
  name: string;
  /** AdamW step size. */
  learningRate: number;
}

/** A tensor that is added and never trained. */
export interface AdaptationFrozen extends Omit<FrozenTensor, "draw"> {
  /** What determines its values besides its shape: the method with its version or plug-in, the tensor's name, the seed. */
  identity: string;
  /** Its values, row by row. @throws {Error} if `projectionSeed` is null: `seeded` must have put the run's seed there */
  draw(): Float32Array;
}

/** How a part is stored; its functions take the parameters and trained weights under their names in the adaptation. */
export interface StoredPart {
  /** Whether the part puts virtual tokens before a text. */
  virtual: boolean;
  /** PEFT's adapter_config.json, or null where PEFT has no form for it. */
  config: StoredForm["config"];
  /** Stored tensors under their keys on disk. */
  tensors(all: Tensors): Tensors;
  /** The parameters of an encoder that computes the stored tensors, under their own names; training can resume from them. */
  encoder?(all: Tensors): Tensors;
}

/** One method or several, joined, on a backbone. */
export interface Adaptation {
  /** Trainable tensors that the methods add, named "method/parameter". */
  parameters: AdaptationParameter[];
  /** Weights trained in place, under their own names. */
  trains: TrainedWeight[];
  /** Tensors that the methods add and never train, named "method/tensor". */
  frozen: AdaptationFrozen[];
  /** Closed form of the number of trained values, classifier excluded. */
  count: number;
  /** Closed form of the number of stored values, classifier excluded. */
  storedCount: number;
  /** Whether the adapted model equals the backbone before the first step. */
  identityAtStart: boolean;
  /** Most tokens of a text, virtual tokens not counted. */
  maxLength: number;
  /** Hooks of all parts. `tensors` must hold parameters, frozen tensors and weights trained in place, and may hold others. */
  hooks(tensors: Tensors, dropout: ProgramArguments["dropout"]): Hooks;
  /** How each part is stored, by the method's name. */
  stored: Record<string, StoredPart>;
}

/** Tokens that must at least be left for a text: programs are traced with texts of this length. */
const SHORTEST_TEXT = Math.max(...TRACED_SIZES.map(({ length }) => length));

/** Most tokens of a text beside the virtual tokens of all parts. @throws {Error} if these leave no room */
function roomForText(parts: readonly Part[], { maxLength, positions }: BackboneShape): number {
  if (positions === undefined) return maxLength;
  const virtual = parts.reduce((sum, { method, options }) => sum + (method.virtualTokens?.(options) ?? 0), 0);
  if (positions - virtual < SHORTEST_TEXT) {
    throw new Error(
      `Cannot insert virtual tokens: there must be at most ${positions - SHORTEST_TEXT}, as the backbone has ` +
        `${positions} positions, current value is ${virtual}`,
    );
  }
  return Math.min(maxLength, positions - virtual);
}

function requireSeed({ name }: Method, { projectionSeed = null }: CommonOptions): number {
  if (projectionSeed !== null) return projectionSeed;
  throw new Error(
    `Cannot draw the frozen tensors of ${name}: projectionSeed must be a whole number, current value is null`,
  );
}

/** A part on a backbone, its tensors under their names in the adaptation. */
function bind({ method, options }: Part, shape: BackboneShape) {
  // Methods without one have nothing that could be stepped.
  const { learningRate = 0 } = options;
  const parameters = method.parameters(shape, options);
  const trains = method.trains(shape, options);
  const frozen = method.frozen?.(shape, options) ?? [];
  const form = storedForm(method, shape, options);
  const qualify = (name: string) => `${method.name}/${name}`;
  /** The part's tensors under the method's own names: the added ones given, and the weights trained in place. */
  const select = (all: Tensors, added: readonly { name: string }[]): Tensors => ({
    ...Object.fromEntries(added.map(({ name }) => [name, all[qualify(name)]])),
    ...Object.fromEntries(trains.map((weight) => [weight, all[weight]])),
  });
  const selectTrained = (all: Tensors) => select(all, parameters);
  return {
    name: method.name,
    parameters: parameters.map((parameter) => ({ ...parameter, name: qualify(parameter.name), learningRate })),
    trains: trains.map((weight) => ({ name: weight, learningRate })),
    frozen: frozen.map(({ name, shape, draw }): AdaptationFrozen => ({
      name: qualify(name),
      shape,
      identity: [method.name, method.plugin ?? method.version ?? 1, name, options.projectionSeed].join(" "),
      draw: () => draw(requireSeed(method, options)),
    })),
    hooks: (all: Tensors, dropout: ProgramArguments["dropout"]) =>
      checkedHooks(
        method.name,
        () =>
          method.hooks(
            select(all, [...parameters, ...frozen]),
            shape,
            options,
            (site, x, rate) => dropout(qualify(site), x, rate),
          ),
      ),
    stored: {
      virtual: method.virtualTokens !== undefined,
      config: form.config,
      tensors: (all: Tensors) => form.tensors(selectTrained(all)),
      ...!form.parameters && { encoder: selectTrained },
    },
  };
}

/** @throws {Error} if two parts train the same weight */
function requireDifferentWeights(parts: readonly Pick<ReturnType<typeof bind>, "name" | "trains">[]): void {
  const trainedBy = new Map<string, string>();
  for (const { name, trains } of parts) {
    for (const weight of trains) {
      const other = trainedBy.get(weight.name);
      if (other) {
        throw new Error(
          `Cannot join ${other} and ${name}: a weight must be trained by one part, both train ${weight.name}`,
        );
      }
      trainedBy.set(weight.name, name);
    }
  }
}

/**
 * Joins methods on a backbone.
 * @throws {Error} if two parts train the same weight, or if virtual tokens leave no room for a text
 */
export function compose(parts: readonly Part[], shape: BackboneShape): Adaptation {
  const bound = parts.map((part) => bind(part, shape));
  requireDifferentWeights(bound);
  return {
    parameters: bound.flatMap((part) => part.parameters),
    trains: bound.flatMap((part) => part.trains),
    frozen: bound.flatMap((part) => part.frozen),
    count: parts.reduce((sum, { method, options }) => sum + method.count(shape, options), 0),
    storedCount: parts.reduce((sum, { method, options }) => sum + storedCount(method, shape, options), 0),
    maxLength: roomForText(parts, shape),
    identityAtStart: parts.every(({ method }) => method.identityAtStart),
    hooks: (all, dropout) => composeHooks(bound.map((part) => part.hooks(all, dropout))),
    stored: Object.fromEntries(bound.map((part) => [part.name, part.stored])),
  };
}
