/**
 * Programs that several adapters share. An adapter's values come with each call: its parameters as parameters, its
 * virtual tokens as inputs. As each text has its own inputs, the texts of one batch may be for different adapters.
 * @module
 */
import type { ArrayValue, InputSpec } from "../../engine/types.ts";
import type { Tensors } from "../../engine/tensor.ts";
import { type Adaptation, compose } from "../../methods/adaptation/compose.ts";
import { composeHooks } from "../../methods/adaptation/hooks.ts";
import type { Backbone, Encoding, Hooks } from "../../models/types.ts";
import type { LoadedAdapter } from "./load.ts";
import { useOf } from "../../tasks/types.ts";
import { canonical } from "../study/spec.ts";
import type { SignedProgram } from "../programs/classifier.ts";

/** A text for an adapter. */
export interface AdapterRequest {
  /** The adapter that answers. */
  adapter: LoadedAdapter;
  /** The text as token ids. */
  encoded: Encoding;
}

/** Prefix of the names that virtual tokens have among a program's inputs. */
const VIRTUAL = "virtual/";

/** A key that is equal for adapters that share a program. */
export function programKey({ kind, parts, virtual, reading, words }: LoadedAdapter): string {
  return canonical({
    use: useOf(kind),
    parts: parts.map((
      { method, options: { learningRate: _, epochs: __, projectionSeed: ___, ...options } },
    ) => [method.name, options]),
    virtual: Object.entries(virtual).map(([name, { shape }]) => [name, shape]),
    reading,
    ...words && { words: words.spec },
  });
}

/** A key that is equal for adapters whose texts may be computed in one batch. */
export function batchKey(adapter: LoadedAdapter, index: number): string {
  const hasParameters = Object.keys(adapter.parameters).length > 0;
  return canonical([programKey(adapter), adapter.outputLength, adapter.stop ?? [], hasParameters ? index : null]);
}

/** Hooks that put virtual tokens where their methods put them. The tokens are among the parameters. */
function virtualHooks({ virtual, reading }: LoadedAdapter, parameters: Tensors): Hooks {
  const tokens = (name: string) => parameters[VIRTUAL + name];
  return {
    reading,
    ...Object.hasOwn(virtual, "prompt") && { prompt: () => tokens("prompt") },
    ...Object.hasOwn(virtual, "keys.0") && {
      prefix: (layer: number) => ({ keys: tokens(`keys.${layer}`), values: tokens(`values.${layer}`) }),
    },
  };
}

/**
 * An adapter's methods joined with the backbone. Its frozen tensors are parameters of the shared program, as their values
 * differ from adapter to adapter.
 */
export function sharedAdaptation(adapter: LoadedAdapter, backbone: Backbone): Adaptation {
  const adaptation = compose(adapter.parts, backbone);
  return {
    ...adaptation,
    parameters: [
      ...adaptation.parameters,
      ...adaptation.frozen.map(({ name, shape, draw }) => ({ name, shape, start: draw, learningRate: 0 })),
    ],
    maxLength: adapter.maxLength,
    hooks: (parameters, dropout) =>
      composeHooks([adaptation.hooks(parameters, dropout), virtualHooks(adapter, parameters)]),
  };
}

/** The program with virtual tokens [batch, n, width] as further inputs, which it gets among its parameters. */
export function withVirtualInputs({ program, signature }: SignedProgram, { virtual }: LoadedAdapter): SignedProgram {
  const inputs = Object.entries(virtual).map(([name, { shape }]): [string, InputSpec] => [
    VIRTUAL + name,
    { shape: ["batch", ...shape], dtype: "float32" },
  ]);
  const names = inputs.map(([name]) => name);
  return {
    program: ({ parameters, inputs, ...rest }) =>
      program({
        ...rest,
        inputs,
        parameters: { ...parameters, ...Object.fromEntries(names.map((name) => [name, inputs[name]])) },
      }),
    signature: { ...signature, inputs: { ...signature.inputs, ...Object.fromEntries(inputs) } },
  };
}

/** The virtual tokens of the requests' adapters, by input name. */
export function virtualInputs(requests: readonly AdapterRequest[]): Record<string, ArrayValue> {
  const { virtual } = requests[0].adapter;
  return Object.fromEntries(
    Object.entries(virtual).map(([name, { shape, data: { length: size } }]) => {
      const data = new Float32Array(requests.length * size);
      requests.forEach(({ adapter }, at) => data.set(adapter.virtual[name].data, at * size));
      return [VIRTUAL + name, { data, shape: [requests.length, ...shape] }];
    }),
  );
}
