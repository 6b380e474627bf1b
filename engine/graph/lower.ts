/**
 * From recordings to a graph: several recordings of one program at different sizes are read in step, whatever
 * differs between them becomes an expression of batch and length, and each kernel becomes nodes.
 * @module
 */
import { type Dim, evaluateShape, fit, fixed, isFixed, RECORDED_SIZES } from "./dim.ts";
import { Graph, type Node, unexpanded } from "./graph.ts";
import { dataType } from "./kernels/elementwise.ts";
import { kernels } from "./kernels/mod.ts";
import { record, type Trace, type TraceStep } from "./trace.ts";
import type { MaskSpec, Program, Signature } from "../types.ts";

/** A gradient of embedding rows: rows [n, width] to be added to the parameter's rows `ids`. */
export interface RowGradient {
  /** Name of the parameter. */
  parameter: string;
  /** int32 input that holds the n ids. */
  ids: string;
}

/** A program as a graph. */
export interface LoweredProgram {
  /** Where its nodes are; further ones can be added. */
  graph: Graph;
  /** Output name → node: the program's outputs, and `gradient/<parameter>`. */
  outputs: Record<string, Node>;
  /** Gradients that are returned as rows instead of being added to `accumulator/<parameter>`. */
  rows: RowGradient[];
  /** Masks that the program asks for. */
  masks: MaskSpec[];
}

function differ(what: string): never {
  throw new Error(
    `Cannot record the program: ${what} differs between recordings in a way that batch and length do not explain ` +
      "(a random number, or control flow that depends on sizes)",
  );
}

/** Equal numbers stay numbers; numbers that differ become a `Dim`. */
function unifyAttribute(values: readonly unknown[], what: string): unknown {
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return first;
  if (values.every((value) => typeof value === "number")) return fit(values as number[]) ?? differ(what);
  if (values.every((value) => Array.isArray(value) && value.length === (first as unknown[]).length)) {
    return (first as unknown[]).map((_, at) => unifyAttribute(values.map((value) => (value as unknown[])[at]), what));
  }
  return differ(what);
}

function unifyShape(steps: readonly TraceStep[], output: number, what: string): Dim[] {
  const shapes = steps.map((step) => step.outputs[output].shape);
  return shapes[0].map((_, axis) => fit(shapes.map((shape) => shape[axis])) ?? differ(what));
}

/** A constant of the program: uniform at any size, or the same array in every recording. */
function lowerValues(graph: Graph, steps: readonly TraceStep[], shape: readonly Dim[], dtype: string): Node {
  const arrays = steps.map((step) => step.attributes.values as ArrayLike<number>);
  const uniform = arrays.map((values) => Array.prototype.every.call(values, (value) => Object.is(value, values[0])));
  const type = dataType(dtype);
  if (uniform.every(Boolean)) {
    const value = unifyAttribute(arrays.map((array) => Number(array[0])), "a constant") as number | Dim;
    return graph.full(value, shape, type);
  }
  const same = shape.every(isFixed) &&
    arrays.every((array) => Array.prototype.every.call(array, (value, at) => Object.is(value, arrays[0][at])));
  if (!same) differ("a constant");
  return graph.constant(Array.from(arrays[0], Number), shape.map((dim) => dim[0]), type);
}

function lowerStep(graph: Graph, steps: readonly TraceStep[], nodes: readonly Node[]): Node[] {
  const [step] = steps;
  const what = step.kernel;
  for (const other of steps) {
    if (other.kernel !== what || other.outputs.length !== step.outputs.length) differ("the order of operations");
    if (other.outputs.some((info, at) => info.dtype !== step.outputs[at].dtype)) differ(`a type of ${what}`);
    if (Object.entries(step.inputs).some(([name, number]) => other.inputs[name] !== number)) {
      differ(`an operand of ${what}`);
    }
    if (other.outputs.some((info, at) => info.shape.length !== step.outputs[at].shape.length)) {
      differ(`rank of ${what}`);
    }
  }
  const outputs = step.outputs.map(({ dtype }, at) => ({ shape: unifyShape(steps, at, `a shape of ${what}`), dtype }));
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
    Object.keys(step.attributes).map((
      key,
    ) => [key, unifyAttribute(steps.map((of) => of.attributes[key]), `${key} of ${what}`)]),
  );
  const inputs = Object.fromEntries(Object.entries(step.inputs).map(([key, number]) => [key, nodes[number]]));
  return kernels[what].lower(graph, inputs, attributes, outputs);
}

/** The int32 input that holds the ids of a gradient's rows, if the gradient is nothing but rows put into zeros. */
function idsOfRows(gradient: Node): string | undefined {
  if (gradient.op !== "ScatterElements" || gradient.inputs[0].op !== "Expand") return undefined;
  let node = unexpanded(gradient.inputs[1]);
  // One id for all rows.
  if (node.shape.length === 0) return undefined;
  // On the way through another type, ids may have become other ids.
  while ((node.op === "Reshape" || node.op === "Cast") && node.dtype.startsWith("int")) node = node.inputs[0];
  return node.op === "input" && node.dtype === "int32" ? node.attributes.name as string : undefined;
}

/**
 * Records a program and lowers it.
 * @throws {Error} if the program cannot be recorded: unknown kernel, random numbers, values read, tensors from outside
 */
export function lower(program: Program, signature: Signature, gradients: boolean): LoweredProgram {
  const traces: Trace[] = RECORDED_SIZES.map(([batch, length]) => record(program, signature, gradients, batch, length));
  const [trace] = traces;
  if (traces.some(({ steps }) => steps.length !== trace.steps.length)) differ("the number of operations");
  const graph = new Graph();
  const nodes: Node[] = [];
  trace.steps.forEach((_, at) => nodes.push(...lowerStep(graph, traces.map(({ steps }) => steps[at]), nodes)));

  const outputs = Object.fromEntries(
    Object.entries(trace.outputs).map(([name, number]) => [name, graph.cast(nodes[number], "float32")]),
  );
  const rows: RowGradient[] = [];
  for (const [parameter, number] of Object.entries(trace.gradients)) {
    const gradient = nodes[number];
    const ids = idsOfRows(gradient);
    if (ids) {
      // Adding rows in place on the host costs far less than a dense gradient of a whole vocabulary.
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
  const masks = nodes.filter(({ op, attributes }) => op === "input" && String(attributes.name).startsWith("mask/"))
    .map(({ attributes, shape }): MaskSpec => {
      const name = String(attributes.name);
      const rate = trace.masks.get(name.slice("mask/".length))!;
      return { name, rate, shape: (batch, length) => evaluateShape(shape, batch, length) };
    });
  return { graph, outputs, rows, masks };
}
