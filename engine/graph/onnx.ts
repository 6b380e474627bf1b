/**
 * Writes a graph as an ONNX model. Weights stay in their files (ONNX' external data). Sessions load this
 * file when they are made: its library costs a command's start a tenth of a second.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as TensorType,
} from "onnx-buf";
import { relative, resolve } from "node:path";
import { isFixed } from "./dim.ts";
import type { DataType, Node } from "./graph.ts";
import type { ExecutionOrder } from "./execution-order.ts";
import type { StoredTensor } from "../types.ts";

const OPSET = 20n;
const IR_VERSION = 9n;

const TYPES: Record<DataType, TensorType> = {
  float32: TensorType.FLOAT,
  int32: TensorType.INT32,
  int64: TensorType.INT64,
  uint8: TensorType.UINT8,
  bool: TensorType.BOOL,
};

/** The domain of operators that only ONNX Runtime has. */
const RUNTIME_DOMAIN = "com.microsoft";
const RUNTIME_OPERATORS = ["MatMulIntegerToFloat"];

/** Nodes that are not computed by an operator. */
const SOURCES = ["input", "weight", "constant"];

function attribute(name: string, value: number | string | readonly number[]) {
  if (name === "to") return { name, type: AttributeType.INT, i: BigInt(TYPES[value as DataType]) };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") return { name, type: AttributeType.INT, i: BigInt(value) };
  return { name, type: AttributeType.INTS, ints: value.map(BigInt) };
}

function valueInfo(name: string, node: Node) {
  const dim = node.shape.map((size) =>
    isFixed(size)
      ? { value: { case: "dimValue" as const, value: BigInt(size[0]) } }
      : { value: { case: "dimParam" as const, value: `d${size.join("_").replaceAll("-", "m")}` } }
  );
  const value = { case: "tensorType" as const, value: { elemType: TYPES[node.dtype], shape: { dim } } };
  return { name, type: { value } };
}

/** Little-endian bytes of a constant. */
function constantBytes(values: readonly number[], dtype: DataType): Uint8Array<ArrayBuffer> {
  const array = dtype === "float32"
    ? Float32Array.from(values)
    : dtype === "int32"
    ? Int32Array.from(values)
    : dtype === "int64"
    ? BigInt64Array.from(values.map(BigInt))
    : Uint8Array.from(values);
  return new Uint8Array(array.buffer);
}

/** A constant, with its values. */
function constantInitializer(name: string, node: Node) {
  return {
    name,
    dims: node.shape.map((dim) => BigInt(dim[0])),
    dataType: TYPES[node.dtype],
    rawData: constantBytes(node.values!, node.dtype),
  };
}

/** A weight, as a place in a file under `folder`. */
function weightInitializer(name: string, node: Node, { path, offset }: StoredTensor, folder: string) {
  const length = 4 * node.shape.reduce((product, dim) => product * dim[0], 1);
  return {
    name,
    dims: node.shape.map((dim) => BigInt(dim[0])),
    dataType: TensorType.FLOAT,
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: "location", value: relative(folder, resolve(path)).replaceAll("\\", "/") },
      { key: "offset", value: String(offset) },
      { key: "length", value: String(length) },
    ],
  };
}

/**
 * The model's bytes. Its inputs have the names of the graph's inputs; its outputs have those of the graph's outputs
 * after "output/".
 * @param weights where each weight lies
 * @param folder the folder that all files of weights lie under; the model names them from there
 * @param asStored weights that the runtime must not lay out for the processor. They are inputs with a default value, which
 * it takes for values that may change
 */
export function encodeOnnx(
  { nodes, outputs }: ExecutionOrder,
  weights: Record<string, StoredTensor>,
  folder = ".",
  asStored: ReadonlySet<Node> = new Set(),
): Uint8Array {
  // The result of an operator has the name of its first output; further outputs are copies of it.
  const outputNames = new Map<Node, string>();
  const namedOutputs = Object.entries(outputs).map(([name, node]) => [`output/${name}`, node] as const);
  for (const [name, node] of namedOutputs) {
    if (!outputNames.has(node) && !SOURCES.includes(node.op)) outputNames.set(node, name);
  }
  const nameOf = (node: Node) =>
    outputNames.get(node) ?? (node.op === "input" ? node.attributes.name as string : `node/${node.id}`);
  const ofKind = (op: string) => nodes.filter((node) => node.op === op);
  const operators = nodes.filter((node) => !SOURCES.includes(node.op));
  const copies = namedOutputs.filter(([name, node]) => outputNames.get(node) !== name);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "tunebench",
    opsetImport: [{ domain: "", version: OPSET }, { domain: RUNTIME_DOMAIN, version: 1n }],
    graph: {
      name: "program",
      initializer: [
        ...ofKind("constant").map((node) => constantInitializer(nameOf(node), node)),
        ...ofKind("weight").map((node) =>
          weightInitializer(nameOf(node), node, weights[node.attributes.name as string], folder)
        ),
      ],
      input: [...ofKind("input"), ...asStored].map((node) => valueInfo(nameOf(node), node)),
      output: namedOutputs.map(([name, node]) => valueInfo(name, node)),
      node: [
        ...operators.map((node) => ({
          opType: node.op,
          domain: RUNTIME_OPERATORS.includes(node.op) ? RUNTIME_DOMAIN : "",
          input: node.inputs.map(nameOf),
          output: [nameOf(node)],
          attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
        })),
        ...copies.map(([name, node]) => ({
          opType: "Identity",
          input: [nameOf(node)],
          output: [name],
        })),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
