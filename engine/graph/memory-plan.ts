/**
 * The memory that a step needs, known from its graph before anything runs.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { allLabelled, evaluateShape, isFixed } from "./dim.ts";
import { frozenNodes, lookedUpMatrices, type Node } from "./graph.ts";
import type { ExecutionOrder } from "./execution-order.ts";
import type { MemoryPlan, Signature } from "../types.ts";

/** Operators whose result is their input's memory under another shape. */
const VIEWS = new Set(["Reshape", "Identity"]);
/** Operators that can write their result over an operand that no later node reads. */
const IN_PLACE = new Set([
  ..."Add Sub Mul Div Max Min Pow Neg Abs Sign Exp Log Sqrt Tanh Sigmoid Relu Erf Floor Reciprocal Softmax ScatterElements"
    .split(" "),
]);

const BYTES = { float32: 4, int32: 4, int64: 8, uint8: 1, int8: 1, bool: 1 };

/** The most bytes that computed values hold at once. Inputs, parameters and frozen values are counted elsewhere. */
function peakActivations(execution: ExecutionOrder, frozen: ReadonlySet<Node>, batch: number, length: number): number {
  const owner = (node: Node): Node => VIEWS.has(node.op) ? owner(node.inputs[0]) : node;
  const lastReader = new Map<Node, number>();
  execution.nodes.forEach((node, index) => node.inputs.forEach((input) => lastReader.set(owner(input), index)));
  const outputs = new Set(Object.values(execution.outputs).map(owner));
  const bytesOf = (node: Node) => BYTES[node.dtype] * sizeOf(evaluateShape(node.shape, allLabelled(batch, length)));
  const held = new Map<Node, number>();
  let live = 0;
  let peak = 0;
  execution.nodes.forEach((node, index) => {
    const source = node.op === "input" || node.op === "constant" || frozen.has(node);
    if (source || VIEWS.has(node.op)) return;
    const readForTheLastTime = [...new Set(node.inputs.map(owner))].filter((input) =>
      lastReader.get(input) === index && held.has(input)
    );
    // Outputs are written into buffers of the caller.
    let bytes = outputs.has(node) ? 0 : bytesOf(node);
    if (bytes > 0 && IN_PLACE.has(node.op)) {
      const reused = readForTheLastTime.find((input) => held.get(input) === bytes);
      if (reused) {
        held.set(reused, 0);
        live -= bytes;
      }
    }
    live += bytes;
    peak = Math.max(peak, live);
    for (const input of readForTheLastTime) {
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

/** Products whose right operand the runtime can lay out for the processor when it loads the program ("pre-packing"). */
const PACKING = new Set(["Gemm", "MatMul", "DynamicQuantizeMatMul", "MatMulInteger"]);

/**
 * Bytes of the weights that a call reads, and of the values that the runtime computes from them once.
 * @param packed whether each product has its own copy of its matrix, laid out for the processor, but for `lookedUpMatrices`
 */
function weightBytes(execution: ExecutionOrder, frozen: ReadonlySet<Node>, packed: boolean): number {
  const copies = new Map<Node, number>();
  const unpacked = new Set(Object.values(execution.outputs));
  const asStored = lookedUpMatrices(execution.nodes);
  for (const node of execution.nodes.filter((node) => !frozen.has(node))) {
    node.inputs.forEach((input, position) => {
      const isPacked = packed && position === 1 && PACKING.has(node.op) && !asStored.has(input);
      if (isPacked) copies.set(input, (copies.get(input) ?? 0) + 1);
      else unpacked.add(input);
    });
  }
  const readInParts = new Set(asStored.keys().map(({ attributes }) => attributes.name));
  let bytes = 0;
  for (const node of frozen) {
    // Of a matrix whose rows are looked up, and multiplied in parts, few pages are read but by the parts, of the same file.
    if (!asStored.has(node) && readInParts.has(node.attributes.name)) continue;
    const times = (copies.get(node) ?? 0) + (unpacked.has(node) ? 1 : 0);
    bytes += times * BYTES[node.dtype] * sizeOf(evaluateShape(node.shape, allLabelled(1, 1)));
  }
  return bytes;
}

/** Bytes of the gradients that are added in place. Those that are rows of a table are counted as activations. */
function gradientCopyBytes({ outputs }: ExecutionOrder): number {
  return Object.entries(outputs)
    .filter(([name, { shape }]) => name.startsWith("gradient/") && shape.every(isFixed))
    .reduce((sum, [, { shape }]) => sum + 4 * sizeOf(evaluateShape(shape, allLabelled(1, 1))), 0);
}

/**
 * What a node takes in its graph and in a session, as measured: programs of 355 to 1,229 nodes took 24 to 38 KiB a node
 * (LOG.md, 24 November 2026).
 */
const NODE_BYTES = 30 * 1024;

/** What else decides how much memory a call needs. */
export interface PlanOptions {
  /** Whether the program computes gradients; otherwise there are neither gradients nor optimiser state. */
  gradients: boolean;
  /** Whether the device lays out frozen matrices for the processor, once for each product. */
  packed: boolean;
  /** Whether ONNX Runtime computes in host memory. */
  hostSession: boolean;
  /** Whether the runtime also returns a copy of each gradient that it has written into the caller's array. */
  copiesGradients?: boolean;
}

/**
 * Planned memory of one call, in bytes: frozen weights, parameters, their gradients and AdamW's two moments, and the
 * most that intermediate values hold at once.
 */
export function planMemory(
  execution: ExecutionOrder,
  signature: Signature,
  { gradients, packed, hostSession, copiesGradients }: PlanOptions,
  batch: number,
  length: number,
): MemoryPlan {
  const frozen = frozenNodes(execution.nodes);
  const weights = weightBytes(execution, frozen, packed);
  const parameters = Object.values(signature.parameters).reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);
  const state = gradients ? parameters : 0;
  const activations = peakActivations(execution, frozen, batch, length);
  const runtime = (hostSession ? NODE_BYTES * execution.nodes.length : 0) +
    (copiesGradients ? gradientCopyBytes(execution) : 0);
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
