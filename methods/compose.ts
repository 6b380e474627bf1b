/**
 * Joining methods: what the trainer sees of one method or of several.
 * @module
 */
import { RECORDED_SIZES } from "../engine/graph/dim.ts";
import type { ProgramArguments } from "../engine/types.ts";
import type { Tensors } from "../engine/tensor.ts";
import { composeHooks } from "./hooks.ts";
import type { BackboneShape, Hooks } from "../models/types.ts";
import type { CommonOptions, Method, MethodParameter, StoredForm } from "./types.ts";

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

/** What a part leaves on disk, computed from the parameters and trained weights under their names in the adaptation. */
export interface StoredPart {
  /** Whether it puts virtual tokens before a text. */
  virtual: boolean;
  /** PEFT's adapter_config.json, or null where PEFT has no form for it. */
  config: StoredForm["config"];
  /** Stored tensors under their keys on disk. */
  tensors(all: Tensors): Tensors;
  /** Where these do not determine it, what training goes on from: the method's parameters under their own names. */
  trained?(all: Tensors): Tensors;
}

/** Methods joined into one, on a backbone. */
export interface Adaptation {
  /** TrainableClassifier tensors that the methods add, "method/parameter". */
  parameters: AdaptationParameter[];
  /** Weights trained in place, under their own names. */
  trains: TrainedWeight[];
  /** Closed form of the number of trained values, classifier excluded. */
  count: number;
  /** Closed form of the number of stored values, classifier excluded. */
  storedCount: number;
  /** Whether the adapted model equals the backbone before the first step. */
  identityAtStart: boolean;
  /** Most tokens a text may have. */
  maxLength: number;
  /** Hooks of all parts; `parameters` may hold more than the adaptation's. */
  hooks(parameters: Tensors, dropout: ProgramArguments["dropout"]): Hooks;
  /** What each part leaves on disk, by the method's name. */
  stored: Record<string, StoredPart>;
}

/** Tokens that a text must have room for: as many as programs are recorded with. */
const SHORTEST_TEXT = Math.max(...RECORDED_SIZES.map(([, length]) => length));

/** Most tokens a text may have beside the parts' virtual tokens. @throws {Error} if these leave no room */
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

/**
 * Joins methods on a backbone.
 * @throws {Error} if two parts train the same weight, or if virtual tokens leave no room for a text
 */
export function compose(parts: readonly Part[], shape: BackboneShape): Adaptation {
  const bound = parts.map(({ method, options }) => {
    const { learningRate } = options;
    const parameters = method.parameters(shape, options);
    const trains = method.trains(shape, options);
    const place = (parameter: string) => `${method.name}/${parameter}`;
    const own = (all: Tensors): Tensors => ({
      ...Object.fromEntries(parameters.map((parameter) => [parameter.name, all[place(parameter.name)]])),
      ...Object.fromEntries(trains.map((weight) => [weight, all[weight]])),
    });
    const form = method.stored(shape, options);
    return {
      name: method.name,
      parameters: parameters.map((parameter) => ({ ...parameter, name: place(parameter.name), learningRate })),
      trains: trains.map((weight) => ({ name: weight, learningRate })),
      hooks: (all: Tensors, dropout: ProgramArguments["dropout"]) =>
        method.hooks(own(all), shape, options, (site, x, rate) => dropout(place(site), x, rate)),
      stored: {
        virtual: method.virtualTokens !== undefined,
        config: form.config,
        tensors: (all: Tensors) => form.tensors(own(all)),
        ...!form.parameters && { trained: own },
      },
    };
  });
  const owners = new Map<string, string>();
  for (const { name, trains } of bound) {
    for (const weight of trains) {
      const other = owners.get(weight.name);
      if (other) {
        throw new Error(
          `Cannot join ${other} and ${name}: a weight must be trained by one part, both train ${weight.name}`,
        );
      }
      owners.set(weight.name, name);
    }
  }
  return {
    parameters: bound.flatMap((part) => part.parameters),
    trains: bound.flatMap((part) => part.trains),
    count: parts.reduce((sum, { method, options }) => sum + method.count(shape, options), 0),
    storedCount: parts.reduce((sum, { method, options }) => sum + method.storedCount(shape, options), 0),
    maxLength: roomForText(parts, shape),
    identityAtStart: parts.every(({ method }) => method.identityAtStart),
    hooks: (all, dropout) => composeHooks(bound.map((part) => part.hooks(all, dropout))),
    stored: Object.fromEntries(bound.map((part) => [part.name, part.stored])),
  };
}
