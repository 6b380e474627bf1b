/**
 * Writes a graph as an ONNX model. Weights stay in their files (ONNX' external data). Numbers of fields and types are those of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 * @module
 */
import { relative, resolve } from "node:path";
import { sizeOf } from "../../base/shapes.ts";
import { isFixed } from "./dim.ts";
import type { DataType, Node } from "./graph.ts";
import type { ExecutionOrder } from "./execution-order.ts";
import { Message } from "./protobuf.ts";
import type { StoredTensor } from "../types.ts";

const OPSET = 20;
const IR_VERSION = 9;

/** TensorProto.DataType. */
const TYPES: Record<DataType, number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 };
/** AttributeProto.AttributeType. */
const INT = 2, STRING = 3, INTS = 7;
/** TensorProto.DataLocation. */
const EXTERNAL = 1;

/** The domain of operators that only ONNX Runtime has. */
const RUNTIME_DOMAIN = "com.microsoft";
const RUNTIME_OPERATORS = ["MatMulIntegerToFloat"];

/** Nodes that are not computed by an operator. */
const SOURCES = ["input", "weight", "constant"];

/** An AttributeProto. */
function attribute(name: string, value: number | string | readonly number[]): Message {
  const message = new Message().add(1, name);
  if (name === "to") return message.whole(3, TYPES[value as DataType]).whole(20, INT);
  if (typeof value === "string") return message.add(4, value).whole(20, STRING);
  if (typeof value === "number") return message.whole(3, value).whole(20, INT);
  return message.whole(8, ...value).whole(20, INTS);
}

/** A ValueInfoProto. */
function valueInfo(name: string, { shape, dtype }: Node): Message {
  const dims = shape.map((size) =>
    isFixed(size) ? new Message().whole(1, size[0]) : new Message().add(2, `d${size.join("_").replaceAll("-", "m")}`)
  );
  const tensor = new Message().whole(1, TYPES[dtype]).add(2, new Message().add(1, ...dims));
  return new Message().add(1, name).add(2, new Message().add(1, tensor));
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

/** A TensorProto without values. */
function tensor(name: string, { shape, dtype }: Node): Message {
  return new Message().whole(1, ...shape.map((dim) => dim[0])).whole(2, TYPES[dtype]).add(8, name);
}

/** A weight, as a place in a file under `folder`. */
function weightInitializer(name: string, node: Node, { path, offset }: StoredTensor, folder: string): Message {
  const [rows = 1, ...row] = node.shape.map((dim) => dim[0]);
  const rowBytes = 4 * sizeOf(row);
  const place = {
    location: relative(folder, resolve(path)).replaceAll("\\", "/"),
    offset: String(offset + rowBytes * (node.attributes.row as number)),
    length: String(rowBytes * rows),
  };
  const entries = Object.entries(place).map(([key, value]) => new Message().add(1, key).add(2, value));
  return tensor(name, node).add(13, ...entries).whole(14, EXTERNAL);
}

/** A NodeProto. */
function operator(type: string, inputs: readonly string[], output: string, attributes: Node["attributes"]): Message {
  const message = new Message().add(1, ...inputs).add(2, output).add(4, type)
    .add(5, ...Object.entries(attributes).map(([name, value]) => attribute(name, value)));
  return RUNTIME_OPERATORS.includes(type) ? message.add(7, RUNTIME_DOMAIN) : message;
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
  const graph = new Message()
    .add(
      1,
      ...operators.map((node) => operator(node.op, node.inputs.map(nameOf), nameOf(node), node.attributes)),
      ...copies.map(([name, node]) => operator("Identity", [nameOf(node)], name, {})),
    )
    .add(2, "program")
    .add(
      5,
      ...ofKind("constant").map((node) => tensor(nameOf(node), node).add(9, constantBytes(node.values!, node.dtype))),
      ...ofKind("weight").map((node) =>
        weightInitializer(nameOf(node), node, weights[node.attributes.name as string], folder)
      ),
    )
    .add(11, ...[...ofKind("input"), ...asStored].map((node) => valueInfo(nameOf(node), node)))
    .add(12, ...namedOutputs.map(([name, node]) => valueInfo(name, node)));
  const operatorSets = Object.entries({ "": OPSET, [RUNTIME_DOMAIN]: 1 })
    .map(([domain, version]) => new Message().add(1, domain).whole(2, version));
  return new Message().whole(1, IR_VERSION).add(2, "tunebench").add(7, graph).add(8, ...operatorSets).bytes;
}
