/**
 * The memory that a step needs, known from its graph before anything runs.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { evaluate, evaluateShape, isFixed } from "./dim.ts";
import { frozenNodes, type Node } from "./graph.ts";
import type { Schedule } from "./fuse.ts";
import type { MemoryPlan, Signature } from "../types.ts";

/** Operators whose result is their input's memory under another shape. */
const VIEWS = new Set(["Reshape", "Identity"]);
/** Operators that write over an operand which nobody reads afterwards. */
const IN_PLACE = new Set([
  ..."Add Sub Mul Div Max Min Pow Neg Abs Sign Exp Log Sqrt Tanh Sigmoid Relu Erf Floor Reciprocal Softmax".split(" "),
]);

const BYTES = { float32: 4, int32: 4, int64: 8, uint8: 1, bool: 1 };

/** The most bytes that values of the schedule, computed in order, hold at once; inputs, parameters and what is frozen aside. */
function peakActivations(schedule: Schedule, frozen: ReadonlySet<Node>, batch: number, length: number): number {
  const owner = (node: Node): Node => VIEWS.has(node.op) ? owner(node.inputs[0]) : node;
  const lastReader = new Map<Node, number>();
  schedule.nodes.forEach((node, at) => node.inputs.forEach((input) => lastReader.set(owner(input), at)));
  const written = new Set(Object.values(schedule.outputs).map(owner));
  const bytesOf = (node: Node) =>
    node.shape.map((dim) => evaluate(dim, batch, length)).reduce((a, b) => a * b, BYTES[node.dtype]);
  const held = new Map<Node, number>();
  let live = 0;
  let peak = 0;
  schedule.nodes.forEach((node, at) => {
    const source = node.op === "input" || node.op === "constant" || frozen.has(node);
    if (source || VIEWS.has(node.op)) return;
    const dying = [...new Set(node.inputs.map(owner))].filter((input) =>
      lastReader.get(input) === at && held.has(input)
    );
    // Outputs are written into buffers of the caller.
    let bytes = written.has(node) ? 0 : bytesOf(node);
    if (bytes > 0 && IN_PLACE.has(node.op)) {
      const reused = dying.find((input) => held.get(input) === bytes);
      if (reused) {
        held.set(reused, 0);
        live -= bytes;
      }
    }
    live += bytes;
    peak = Math.max(peak, live);
    for (const input of dying) {
      live -= held.get(input)!;
      held.delete(input);
    }
    if (!lastReader.has(node)) {
      live -= bytes;
      bytes = 0;
    }
    held.set(node, bytes);
  });
  return peak;
}

/** Products whose right operand the runtime can lay out for the processor beforehand. */
const PACKING = new Set(["Gemm", "MatMul", "DynamicQuantizeMatMul", "MatMulInteger"]);

/**
 * Bytes of what a call reads of the weights, as they are or as the runtime makes them when it folds constants.
 * @param packed whether each product has a copy of its matrix in a layout of its own
 */
function weightBytes(schedule: Schedule, frozen: ReadonlySet<Node>, packed: boolean): number {
  const copies = new Map<Node, number>();
  const kept = new Set(Object.values(schedule.outputs));
  for (const node of schedule.nodes.filter((node) => !frozen.has(node))) {
    node.inputs.forEach((input, at) => {
      if (packed && at === 1 && PACKING.has(node.op)) copies.set(input, (copies.get(input) ?? 0) + 1);
      else kept.add(input);
    });
  }
  let bytes = 0;
  for (const node of frozen) {
    const times = (copies.get(node) ?? 0) + (kept.has(node) ? 1 : 0);
    bytes += times * BYTES[node.dtype] * sizeOf(evaluateShape(node.shape, 1, 1));
  }
  return bytes;
}

/** Bytes of the gradients that are added to in place; those of embedding rows are as small as activations. */
function copiedBytes({ outputs }: Schedule): number {
  return Object.entries(outputs)
    .filter(([name, { shape }]) => name.startsWith("gradient/") && shape.every(isFixed))
    .reduce((sum, [, { shape }]) => sum + 4 * sizeOf(evaluateShape(shape, 1, 1)), 0);
}

/**
 * What a node takes in the recorder and in a session, measured: programs of 355 to 1,229 nodes took 24 to 38 KiB a node
 * (LOG.md, 24 November 2026).
 */
const NODE_BYTES = 30 * 1024;

/** What else decides how much memory a call needs. */
export interface PlanOptions {
  /** Whether the program computes gradients; else there is no gradient and no optimiser state. */
  gradients: boolean;
  /** Whether the device lays out frozen matrices for its processor, once for each product. */
  packed: boolean;
  /** Whether ONNX Runtime computes in host memory. */
  hostSession: boolean;
}

/**
 * Planned memory of one call, in bytes: frozen weights, parameters, their gradients and AdamW's two moments, and the
 * most that intermediate values hold at once when computed in recorded order.
 */
export function planMemory(
  schedule: Schedule,
  signature: Signature,
  { gradients, packed, hostSession }: PlanOptions,
  batch: number,
  length: number,
): MemoryPlan {
  const frozen = frozenNodes(schedule.nodes);
  const weights = weightBytes(schedule, frozen, packed);
  const parameters = Object.values(signature.parameters).reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);
  const state = gradients ? parameters : 0;
  const activations = peakActivations(schedule, frozen, batch, length);
  // ONNX Runtime writes gradients where it is told, and returns a copy of each besides.
  const runtime = hostSession ? NODE_BYTES * schedule.nodes.length + copiedBytes(schedule) : 0;
  return {
    weights,
    parameters,
    gradients: state,
    optimiser: 2 * state,
    activations,
    runtime,
    total: weights + parameters + 3 * state + activations + runtime,
  };
}
