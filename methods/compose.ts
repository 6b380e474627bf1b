/**
 * Joining methods: what the trainer sees of one method or of several.
 * @module
 */
import { TRACED_SIZES } from "../engine/graph/dim.ts";
import type { ProgramArguments } from "../engine/types.ts";
import type { Tensors } from "../engine/tensor.ts";
import { composeHooks } from "./hooks.ts";
import type { BackboneShape, Hooks } from "../models/types.ts";
import { storedCount, type StoredForm, storedForm } from "./stored-form.ts";
import type { CommonOptions, FrozenTensor, Method, MethodParameter } from "./types.ts";

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
  /** What decides its values besides its shape: the method with its version, the tensor's name, the seed. */
  identity: string;
  /** Its values, row by row. @throws {Error} if the seed is left to the run and `seeded` has not filled it in */
  draw(): Float32Array;
}

/** What a part leaves on disk, computed from the parameters and trained weights under their names in the adaptation. */
export interface StoredPart {
  /** Whether it puts virtual tokens before a text. */
  virtual: boolean;
  /** PEFT's adapter_config.json, or null where PEFT has no form for it. */
  config: StoredForm["config"];
  /** Stored tensors under their keys on disk. */
  tensors(all: Tensors): Tensors;
  /** The method's parameters under their own names, where an encoder makes what is stored: to go on with training. */
  encoder?(all: Tensors): Tensors;
}

/** Methods joined into one, on a backbone. */
export interface Adaptation {
  /** TrainableClassifier tensors that the methods add, "method/parameter". */
  parameters: AdaptationParameter[];
  /** Weights trained in place, under their own names. */
  trains: TrainedWeight[];
  /** Tensors that the methods add and nobody trains, "method/tensor". */
  frozen: AdaptationFrozen[];
  /** Closed form of the number of trained values, classifier excluded. */
  count: number;
  /** Closed form of the number of stored values, classifier excluded. */
  storedCount: number;
  /** Whether the adapted model equals the backbone before the first step. */
  identityAtStart: boolean;
  /** Most tokens a text may have. */
  maxLength: number;
  /** Hooks of all parts; `tensors` are parameters, frozen tensors and weights trained in place, and may be more. */
  hooks(tensors: Tensors, dropout: ProgramArguments["dropout"]): Hooks;
  /** What each part leaves on disk, by the method's name. */
  stored: Record<string, StoredPart>;
}

/** Tokens that a text must have room for: as many as programs are recorded with. */
const SHORTEST_TEXT = Math.max(...TRACED_SIZES.map(([, length]) => length));

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

function requireSeed({ name }: Method, { projectionSeed = null }: CommonOptions): number {
  if (projectionSeed !== null) return projectionSeed;
  throw new Error(
    `Cannot draw the frozen tensors of ${name}: projectionSeed must be a whole number, current value is null`,
  );
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
    const frozen = method.frozen?.(shape, options) ?? [];
    const select = (all: Tensors, added: readonly { name: string }[]): Tensors => ({
      ...Object.fromEntries(added.map(({ name }) => [name, all[place(name)]])),
      ...Object.fromEntries(trains.map((weight) => [weight, all[weight]])),
    });
    const trained = (all: Tensors) => select(all, parameters);
    const form = storedForm(method, shape, options);
    return {
      name: method.name,
      parameters: parameters.map((parameter) => ({ ...parameter, name: place(parameter.name), learningRate })),
      trains: trains.map((weight) => ({ name: weight, learningRate })),
      frozen: frozen.map(({ name, shape, draw }): AdaptationFrozen => ({
        name: place(name),
        shape,
        identity: `${method.name} ${method.version ?? 1} ${name} ${options.projectionSeed}`,
        draw: () => draw(requireSeed(method, options)),
      })),
      hooks: (all: Tensors, dropout: ProgramArguments["dropout"]) =>
        method.hooks(
          select(all, [...parameters, ...frozen]),
          shape,
          options,
          (site, x, rate) => dropout(place(site), x, rate),
        ),
      stored: {
        virtual: method.virtualTokens !== undefined,
        config: form.config,
        tensors: (all: Tensors) => form.tensors(trained(all)),
        ...!form.parameters && { encoder: trained },
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
    frozen: bound.flatMap((part) => part.frozen),
    count: parts.reduce((sum, { method, options }) => sum + method.count(shape, options), 0),
    storedCount: parts.reduce((sum, { method, options }) => sum + storedCount(method, shape, options), 0),
    maxLength: roomForText(parts, shape),
    identityAtStart: parts.every(({ method }) => method.identityAtStart),
    hooks: (all, dropout) => composeHooks(bound.map((part) => part.hooks(all, dropout))),
    stored: Object.fromEntries(bound.map((part) => [part.name, part.stored])),
  };
}
