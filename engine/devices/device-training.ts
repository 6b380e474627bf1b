/**
 * Training with the state in the device's memory. Parameters, gradients and AdamW's moments stay there from step to
 * step: outputs of one call are inputs of the next. A call only brings its inputs and takes the program's outputs.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { requireLength, type TrainableParameter } from "../adamw.ts";
import { checkFeed } from "../feed.ts";
import { adamwGraph, adamwScalars } from "../graph/adamw-graph.ts";
import { fixed } from "../graph/dim.ts";
import { orderExecution } from "../graph/execution-order.ts";
import { Graph, type Node } from "../graph/graph.ts";
import { lower, type LoweredProgram } from "../graph/lower.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import {
  createSession,
  inputTensors,
  loadRuntime,
  type Provider,
  type RuntimeTensor,
  type Session,
} from "./onnx-runtime.ts";
import { createProgramSession, type ProgramSession } from "./program-session.ts";
import {
  type ArrayValue,
  type CompileOptions,
  type Device,
  type MemoryPlan,
  type Signature,
  STATE_PARTS,
} from "../types.ts";

/**
 * The plan with memory for a second copy of the gradients: an operator on a GPU cannot write into a buffer that it
 * reads, so new sums of gradients are written beside the old ones.
 */
export function withSecondGradients(plan: MemoryPlan): MemoryPlan {
  return { ...plan, gradients: 2 * plan.gradients, total: plan.total + plan.gradients };
}

type Tensors = Record<string, RuntimeTensor>;

/**
 * The accumulator with gradient rows added to its rows `ids`. Where an id occurs several times, each of its rows is
 * replaced by the sum of all of them. So it does not matter which of them is written last, and the result is the same
 * every time, unlike that of atomic additions.
 */
function addRows(graph: Graph, accumulator: Node, ids: Node, rows: Node): Node {
  const [count] = rows.shape;
  const column = graph.reshape(ids, [count, fixed(1)]);
  const same = graph.binary("Equal", column, graph.reshape(ids, [fixed(1), count]), "bool");
  const sums = graph.matmul(graph.cast(same, "float32"), rows, false, false);
  const sum = graph.binary("Add", graph.gather(accumulator, graph.reshape(ids, [count]), 0), sums);
  const targets = graph.expand(column, rows.shape);
  return graph.node("ScatterElements", [accumulator, targets, sum], { axis: 0 }, accumulator.shape, "float32");
}

/** The program's outputs, where gradients that are rows are added to an accumulator as all others are. */
function accumulateRows({ graph, outputs, rows }: LoweredProgram, { parameters }: Signature): Record<string, Node> {
  const complete = { ...outputs };
  for (const { parameter, ids } of rows) {
    const accumulator = graph.input(`accumulator/${parameter}`, parameters[parameter].map(fixed), "float32");
    const rowIds = graph.nodes.find(({ op, attributes }) => op === "input" && attributes.name === ids)!;
    complete[`gradient/${parameter}`] = addRows(graph, accumulator, rowIds, outputs[`gradient/${parameter}`]);
  }
  return complete;
}

/** A session that copies the parameters into the device's memory, or out of it. */
interface Transfer {
  copy(tensors: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

async function createTransfer(
  parameters: readonly TrainableParameter[],
  provider: Provider,
  options: CompileOptions,
): Promise<Transfer> {
  const graph = new Graph();
  const values = parameters.map(({ name, shape }) => [name, graph.input(name, shape.map(fixed), "float32")]);
  const model = encodeOnnx(orderExecution(Object.fromEntries(values)), {});
  const session = await createSession(provider, { ...options, model });
  return {
    async copy(tensors) {
      const results = await session.run(tensors);
      return Object.fromEntries(parameters.map(({ name }) => [name, results[`output/${name}`]]));
    },
    release: () => session.release(),
  };
}

/** Copies a value for each parameter into the device's memory. */
function uploadValues(
  parameters: readonly TrainableParameter[],
  upload: Transfer,
  valueOf: (parameter: TrainableParameter) => Float32Array,
): Promise<Tensors> {
  const { Tensor } = loadRuntime();
  const tensors = parameters.map((parameter) => [
    parameter.name,
    new Tensor("float32", valueOf(parameter), parameter.shape),
  ]);
  return upload.copy(Object.fromEntries(tensors));
}

/** Tensors in the device's memory, by what they hold and by parameter. */
type DeviceState = Record<"parameter" | "gradient" | "first" | "second", Tensors>;

/** A part of the training's state, as it is called here. */
const HELD_AS = { parameters: "parameter", first: "first", second: "second" } as const;

/** A state of zeros. */
async function createState(parameters: readonly TrainableParameter[], upload: Transfer): Promise<DeviceState> {
  const zeros = () => uploadValues(parameters, upload, ({ shape }) => new Float32Array(sizeOf(shape)));
  return { parameter: await zeros(), gradient: await zeros(), first: await zeros(), second: await zeros() };
}

/** Puts a tensor in the place of another, whose memory is freed. */
function replace(tensors: Tensors, name: string, tensor: RuntimeTensor): void {
  tensors[name].dispose();
  tensors[name] = tensor;
}

/** Runs the program, and puts the new sums of gradients into the state. */
async function runProgram(
  { session, inputsOf }: ProgramSession<Session>,
  signature: Signature,
  state: DeviceState,
  inputs: Record<string, ArrayValue>,
): Promise<Record<string, Float32Array>> {
  const sizes = checkFeed(signature, { parameters: {}, inputs });
  const feeds = inputTensors(inputsOf(inputs, sizes));
  const names = Object.keys(state.parameter);
  for (const name of names) {
    feeds[`parameter/${name}`] = state.parameter[name];
    feeds[`accumulator/${name}`] = state.gradient[name];
  }
  const results = await session.run(feeds);
  for (const name of names) replace(state.gradient, name, results[`output/gradient/${name}`]);
  const hostResults = Object.entries(results).filter(([, { location }]) => location === "cpu");
  return Object.fromEntries(
    hostResults.map(([name, { data }]) => [name.slice("output/".length), data as Float32Array]),
  );
}

/** Updates the state by one step of AdamW. */
async function runOptimiser(optimiser: Session, state: DeviceState, scalars: Record<string, number>): Promise<void> {
  const { Tensor } = loadRuntime();
  const feeds: Tensors = {};
  const fetches: Tensors = {};
  for (const [kind, tensors] of Object.entries(state)) {
    for (const [name, tensor] of Object.entries(tensors)) feeds[`${kind}/${name}`] = tensor;
  }
  // In place: when the graph writes a tensor, no node reads it any more.
  for (const name of optimiser.outputNames) fetches[name] = feeds[name.slice("output/".length)];
  for (const [name, value] of Object.entries(scalars)) {
    feeds[name] = new Tensor("float32", Float32Array.of(value), []);
  }
  await optimiser.run(feeds, fetches);
}

/** The `train` of a device whose provider can leave outputs in the device's memory. */
export function deviceTraining(provider: Provider): Device["train"] {
  return async (program, signature, parameters, options) => {
    const lowered = lower(program, signature, true);
    const gradients = parameters.map(({ name }) => [`output/gradient/${name}`, "gpu-buffer"] as const);
    const withGradients = { ...provider, outputs: Object.fromEntries(gradients) };
    const programSession = await createProgramSession(
      accumulateRows(lowered, signature),
      signature,
      options,
      false,
      (sessionOptions) => createSession(withGradients, sessionOptions),
    );
    const model = encodeOnnx(orderExecution(adamwGraph(parameters)), {});
    const optimiser = await createSession(provider, { ...options, model });
    const upload = await createTransfer(parameters, { ...provider, outputs: "gpu-buffer" }, options);
    const download = await createTransfer(parameters, provider, options);
    const state = await createState(parameters, upload);
    let steps = 0;
    const planOptions = { gradients: true, packed: false, hostSession: false };
    const put = async (kind: keyof DeviceState, values: Record<string, Float32Array>) => {
      const uploaded = await uploadValues(parameters, upload, ({ name }) => values[name]);
      for (const { name } of parameters) replace(state[kind], name, uploaded[name]);
    };
    return {
      masks: lowered.masks,
      async write(values) {
        for (const { name, shape } of parameters) requireLength(name, sizeOf(shape), values[name]);
        await put("parameter", values);
      },
      async read(part = "parameters") {
        const tensors = await download.copy(state[HELD_AS[part]]);
        return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]));
      },
      async restore(taken, load) {
        for (const part of STATE_PARTS) {
          const values: Record<string, Float32Array> = {};
          for (const { name } of parameters) values[name] = await load(part, name);
          await put(HELD_AS[part], values);
        }
        steps = taken;
      },
      accumulate: (inputs) => runProgram(programSession, signature, state, inputs),
      step: (factor, settings) => runOptimiser(optimiser, state, adamwScalars(parameters, ++steps, factor, settings)),
      planMemory: (batch, length) =>
        withSecondGradients(planMemory(programSession.execution, signature, planOptions, batch, length)),
      async release() {
        for (const tensors of Object.values(state)) for (const tensor of Object.values(tensors)) tensor.dispose();
        for (const each of [programSession.session, optimiser, upload, download]) await each.release();
      },
    };
  };
}
