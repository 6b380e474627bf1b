/**
 * From traces to a graph. Traces of one program at several sizes are compared step by step: each number that differs
 * between them becomes an expression of batch and length, and each kernel becomes nodes.
 * @module
 */
import { allLabelled, type Dim, evaluateShape, fitDim, fixed, isFixed, tracedSizes } from "./dim.ts";
import { Graph, type Node, unexpanded } from "./graph.ts";
import { dataType } from "./kernels/elementwise.ts";
import { kernels } from "./kernels/mod.ts";
import { findProducts, type Product } from "./products.ts";
import { traceProgram, type TraceStep } from "./trace.ts";
import type { MaskSpec, Program, Signature } from "../types.ts";

/**
 * The gradient of a table of embeddings: rows [n, width], to be added to the rows of the parameter that `ids` names.
 */
export interface RowGradient {
  /** Name of the parameter. */
  parameter: string;
  /** int32 input that holds the n ids. */
  ids: string;
}

/** A program as a graph. */
export interface LoweredProgram {
  /** The graph that holds its nodes; more can be added. */
  graph: Graph;
  /** Output name → node: the program's outputs, and `gradient/<parameter>`. */
  outputs: Record<string, Node>;
  /** Gradients that are returned as rows instead of being added to `accumulator/<parameter>`. */
  rows: RowGradient[];
  /** Masks that the program asks for. */
  masks: MaskSpec[];
  /** Its matrix products. */
  products: readonly Product[];
}

function refuseDifference(what: string): never {
  throw new Error(
    `Cannot trace the program: ${what} differs between traces in a way that batch and length do not explain ` +
      "(a random number, or control flow that depends on sizes)",
  );
}

/** The values of an attribute in all traces as one: equal numbers stay numbers, numbers that differ become a `Dim`. */
function unifyAttribute(values: readonly unknown[], what: string): unknown {
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return first;
  if (values.every((value) => typeof value === "number")) return fitDim(values as number[]) ?? refuseDifference(what);
  if (values.every((value) => Array.isArray(value) && value.length === (first as unknown[]).length)) {
    return (first as unknown[]).map((_, index) =>
      unifyAttribute(values.map((value) => (value as unknown[])[index]), what)
    );
  }
  return refuseDifference(what);
}

/** The shapes of an output in all traces as one. */
function unifyShape(steps: readonly TraceStep[], output: number, what: string): Dim[] {
  const shapes = steps.map((step) => step.outputs[output].shape);
  return shapes[0].map((_, axis) => fitDim(shapes.map((shape) => shape[axis])) ?? refuseDifference(what));
}

/** Whether all values are the same, or those of `others`. A loop, as a constant may be as large as a vocabulary's embeddings. */
function areSame(values: ArrayLike<number>, others?: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!Object.is(values[index], others ? others[index] : values[0])) return false;
  }
  return true;
}

/** A constant of the program: one value throughout, which may depend on the sizes, or the same array in every trace. */
function lowerValues(graph: Graph, steps: readonly TraceStep[], shape: readonly Dim[], dtype: string): Node {
  const arrays = steps.map((step) => step.attributes.values as ArrayLike<number>);
  const type = dataType(dtype);
  if (arrays.every((values) => areSame(values))) {
    const value = unifyAttribute(arrays.map((array) => Number(array[0])), "a constant") as number | Dim;
    return graph.full(value, shape, type);
  }
  const isSameArray = shape.every(isFixed) && arrays.every((array) => areSame(array, arrays[0]));
  if (!isSameArray) refuseDifference("a constant");
  return graph.constant(Array.from(arrays[0], Number), shape.map((dim) => dim[0]), type);
}

/** @throws {Error} if the traces did not do the same in this step */
function checkSameOperation(steps: readonly TraceStep[]): void {
  const [step] = steps;
  const what = step.kernel;
  for (const other of steps) {
    if (other.kernel !== what || other.outputs.length !== step.outputs.length) {
      refuseDifference("the order of operations");
    }
    if (other.outputs.some((spec, index) => spec.dtype !== step.outputs[index].dtype)) {
      refuseDifference(`a type of ${what}`);
    }
    if (Object.entries(step.inputs).some(([name, number]) => other.inputs[name] !== number)) {
      refuseDifference(`an operand of ${what}`);
    }
    if (other.outputs.some((spec, index) => spec.shape.length !== step.outputs[index].shape.length)) {
      refuseDifference(`rank of ${what}`);
    }
  }
}

/**
 * The nodes that compute a step's outputs.
 * @param steps the step in every trace
 * @param nodes those of the steps before, by tensor number
 */
function lowerStep(graph: Graph, steps: readonly TraceStep[], nodes: readonly Node[]): Node[] {
  checkSameOperation(steps);
  const [step] = steps;
  const what = step.kernel;
  const outputs = step.outputs.map(({ dtype }, index) => ({
    shape: unifyShape(steps, index, `a shape of ${what}`),
    dtype,
  }));
  const [{ shape, dtype }] = outputs;
  const name = step.attributes.name as string;
  switch (what) {
    case "values":
      return [lowerValues(graph, steps, shape, dtype)];
    case "weight":
      return [graph.weight(name, shape.map((dim) => dim[0]))];
    case "input":
      return [graph.input(name, shape, dataType(dtype))];
    case "parameter":
    case "mask":
      return [graph.input(`${what}/${name}`, shape, "float32")];
  }
  const attributes = Object.fromEntries(
    Object.keys(step.attributes).map((key) => {
      const values = steps.map(({ attributes }) => attributes[key]);
      return [key, unifyAttribute(values, `${key} of ${what}`)];
    }),
  );
  const inputs = Object.fromEntries(Object.entries(step.inputs).map(([key, number]) => [key, nodes[number]]));
  return kernels[what].lower(graph, inputs, attributes, outputs);
}

/** The int32 input that holds the ids of a gradient's rows, if the gradient is nothing but rows added to zeros. */
function findRowIds(gradient: Node): string | undefined {
  if (gradient.op !== "ScatterElements" || gradient.inputs[0].op !== "Expand") return undefined;
  let node = unexpanded(gradient.inputs[1]);
  // A scalar: one id for all rows.
  if (node.shape.length === 0) return undefined;
  // A conversion to a type that is no integer may have changed the ids.
  while ((node.op === "Reshape" || node.op === "Cast") && node.dtype.startsWith("int")) node = node.inputs[0];
  return node.op === "input" && node.dtype === "int32" ? node.attributes.name as string : undefined;
}

/** The masks among the nodes, with the rates that the program asked for. */
function listMasks(nodes: readonly Node[], rates: Map<string, number>): MaskSpec[] {
  return nodes.filter(({ op, attributes }) => op === "input" && String(attributes.name).startsWith("mask/"))
    .map(({ attributes, shape }) => {
      const name = String(attributes.name);
      const rate = rates.get(name.slice("mask/".length))!;
      return { name, rate, shape: (batch, length) => evaluateShape(shape, allLabelled(batch, length)) };
    });
}

/**
 * Traces a program and makes a graph of it.
 * @throws {Error} if the program cannot be traced: unknown kernel, random numbers, values read, tensors from outside
 */
export function lower(program: Program, signature: Signature, gradients: boolean): LoweredProgram {
  const traces = traceProgram(program, signature, gradients, tracedSizes(signature.inputs));
  const [trace] = traces;
  if (traces.some(({ steps }) => steps.length !== trace.steps.length)) refuseDifference("the number of operations");
  const graph = new Graph();
  const nodes: Node[] = [];
  trace.steps.forEach((_, index) => nodes.push(...lowerStep(graph, traces.map(({ steps }) => steps[index]), nodes)));

  const outputs = Object.fromEntries(
    Object.entries(trace.outputs).map(([name, number]) => [name, graph.cast(nodes[number], "float32")]),
  );
  const rows: RowGradient[] = [];
  for (const [parameter, number] of Object.entries(trace.gradients)) {
    const gradient = nodes[number];
    const ids = findRowIds(gradient);
    if (ids) {
      // Adding the rows in place, on the host, costs far less than a dense gradient of a whole vocabulary.
      rows.push({ parameter, ids });
      outputs[`gradient/${parameter}`] = gradient.inputs[2];
    } else {
      const accumulator = graph.input(
        `accumulator/${parameter}`,
        signature.parameters[parameter].map(fixed),
        "float32",
      );
      outputs[`gradient/${parameter}`] = graph.node("Add", [gradient, accumulator], {}, accumulator.shape, "float32");
    }
  }
  const products = findProducts(program, signature, gradients, outputs);
  return { graph, outputs, rows, masks: listMasks(nodes, trace.masks), products };
}
