/**
 * Training with the state in the device's memory: parameters, gradients and AdamW's moments stay there from step to step,
 * outputs of one call are inputs of the next. A call brings its inputs and takes the program's outputs.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { adamwGraph, adamwNumbers } from "../graph/adamw-graph.ts";
import { fixed } from "../graph/dim.ts";
import { checkFeed } from "../feed.ts";
import { Graph, type Node } from "../graph/graph.ts";
import { lower } from "../graph/lower.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { createProgram, createSession, loadRuntime, type Provider, type RuntimeTensor } from "./onnx-runtime.ts";
import { schedule } from "../graph/fuse.ts";
import { requireLength, type TrainableParameter } from "../adamw.ts";
import type { CompileOptions, Device, MemoryPlan } from "../types.ts";

/** A plan where new sums of gradients are written beside the old ones: no operator of a GPU reads and writes one buffer. */
export function besideOldSums(plan: MemoryPlan): MemoryPlan {
  return { ...plan, gradients: 2 * plan.gradients, total: plan.total + plan.gradients };
}

type Tensors = Record<string, RuntimeTensor>;

/**
 * The accumulator with gradient rows added to its rows `ids`. A row takes the sum of all rows of the same id, so that it
 * does not matter which of them is written last: the result is the same every time, unlike that of atomic additions.
 */
function addRows(graph: Graph, accumulator: Node, ids: Node, rows: Node): Node {
  const [count] = rows.shape;
  const column = graph.reshape(ids, [count, fixed(1)]);
  const same = graph.binary("Equal", column, graph.reshape(ids, [fixed(1), count]), "bool");
  const sums = graph.matmul(graph.cast(same, "float32"), rows, false, false);
  const sum = graph.binary("Add", graph.gather(accumulator, graph.reshape(ids, [count]), 0), sums);
  const places = graph.expand(column, rows.shape);
  return graph.node("ScatterElements", [accumulator, places, sum], { axis: 0 }, accumulator.shape, "float32");
}

/** A session that copies the parameters into the device's memory or out of it. */
async function createCopy(
  parameters: readonly TrainableParameter[],
  provider: Provider,
  options: CompileOptions,
): Promise<{ copy(tensors: Tensors): Promise<Tensors>; release(): Promise<void> }> {
  const graph = new Graph();
  const values = parameters.map(({ name, shape }) => [name, graph.input(name, shape.map(fixed), "float32")]);
  const model = encodeOnnx(schedule(Object.fromEntries(values)), {});
  const session = await createSession(model, provider, options);
  return {
    async copy(tensors) {
      const results = await session.run(tensors);
      return Object.fromEntries(parameters.map(({ name }) => [name, results[`output/${name}`]]));
    },
    release: () => session.release(),
  };
}

/** The `train` of a device whose provider leaves outputs in its own memory. */
export function deviceTraining(provider: Provider): Device["train"] {
  return async (program, signature, parameters, options) => {
    const { Tensor } = loadRuntime();
    const { graph: lowered, outputs, rows, masks } = lower(program, signature, true);
    for (const { parameter, ids } of rows) {
      const accumulator = lowered.input(
        `accumulator/${parameter}`,
        signature.parameters[parameter].map(fixed),
        "float32",
      );
      const rowIds = lowered.nodes.find(({ op, attributes }) => op === "input" && attributes.name === ids)!;
      outputs[`gradient/${parameter}`] = addRows(lowered, accumulator, rowIds, outputs[`gradient/${parameter}`]);
    }
    const gradients = parameters.map(({ name }) => [`output/gradient/${name}`, "gpu-buffer"] as const);
    const { graph, session, feeds: feedsOf } = await createProgram(outputs, signature, options, {
      ...provider,
      outputs: Object.fromEntries(gradients),
    });
    const optimiser = await createSession(encodeOnnx(schedule(adamwGraph(parameters)), {}), provider, options);
    const upload = await createCopy(parameters, { ...provider, outputs: "gpu-buffer" }, options);
    const download = await createCopy(parameters, provider, options);

    function place(valueOf: (parameter: TrainableParameter) => Float32Array): Promise<Tensors> {
      const tensors = parameters.map((of) => [of.name, new Tensor("float32", valueOf(of), of.shape)]);
      return upload.copy(Object.fromEntries(tensors));
    }
    const zeros = () => place(({ shape }) => new Float32Array(sizeOf(shape)));
    const state = { parameter: await zeros(), gradient: await zeros(), first: await zeros(), second: await zeros() };
    let steps = 0;

    /** Puts a tensor in the place of another, whose memory is freed. */
    function replace(of: Tensors, name: string, tensor: RuntimeTensor): void {
      of[name].dispose();
      of[name] = tensor;
    }

    return {
      masks,
      async write(values) {
        for (const { name, shape } of parameters) requireLength(name, sizeOf(shape), values[name]);
        const placed = await place(({ name }) => values[name]);
        for (const { name } of parameters) replace(state.parameter, name, placed[name]);
      },
      async read() {
        const tensors = await download.copy(state.parameter);
        return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]));
      },
      async accumulate(inputs) {
        const { batch, length } = checkFeed(signature, { parameters: {}, inputs });
        const feeds = feedsOf(inputs, batch, length);
        for (const { name } of parameters) {
          feeds[`parameter/${name}`] = state.parameter[name];
          feeds[`accumulator/${name}`] = state.gradient[name];
        }
        const results = await session.run(feeds);
        for (const { name } of parameters) replace(state.gradient, name, results[`output/gradient/${name}`]);
        const kept = Object.entries(results).filter(([, { location }]) => location === "cpu");
        return Object.fromEntries(kept.map(([name, { data }]) => [name.slice("output/".length), data as Float32Array]));
      },
      async step(factor, settings) {
        const feeds: Tensors = {};
        const fetches: Tensors = {};
        for (const [kind, tensors] of Object.entries(state)) {
          for (const [name, tensor] of Object.entries(tensors)) feeds[`${kind}/${name}`] = tensor;
        }
        // In place: no node of the graph reads a tensor at the moment that it is written.
        for (const name of optimiser.outputNames) fetches[name] = feeds[name.slice("output/".length)];
        for (const [name, value] of Object.entries(adamwNumbers(parameters, ++steps, factor, settings))) {
          feeds[name] = new Tensor("float32", Float32Array.of(value), []);
        }
        await optimiser.run(feeds, fetches);
      },
      planMemory: (batch, length) =>
        besideOldSums(
          planMemory(graph, signature, { gradients: true, packed: false, hostSession: false }, batch, length),
        ),
      async release() {
        for (const tensors of Object.values(state)) for (const tensor of Object.values(tensors)) tensor.dispose();
        for (const each of [session, optimiser, upload, download]) await each.release();
      },
    };
  };
}
