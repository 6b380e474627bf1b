/**
 * Writes a scheduled graph as an ONNX model. Weights stay where they are on disk (external data).
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
import type { Schedule } from "./fuse.ts";
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

/** Operators of ONNX Runtime's own. */
const RUNTIME_DOMAIN = "com.microsoft";
const RUNTIME_OPERATORS = ["MatMulIntegerToFloat"];

/** Nodes that no operator computes. */
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

/**
 * The model's bytes. Inputs have the names of the schedule, outputs too, after "output/".
 * @param weights where each weight lies
 * @param folder the folder that their files lie under, and are named from
 */
export function encodeOnnx(schedule: Schedule, weights: Record<string, StoredTensor>, folder = "."): Uint8Array {
  // An operator's value takes the name of its output; other outputs are copies.
  const named = new Map<Node, string>();
  const outputs = Object.entries(schedule.outputs).map(([name, node]) => [`output/${name}`, node] as const);
  for (const [name, node] of outputs) {
    if (!named.has(node) && !SOURCES.includes(node.op)) named.set(node, name);
  }
  const nameOf = (node: Node) =>
    named.get(node) ?? (node.op === "input" ? node.attributes.name as string : `node/${node.id}`);
  const copies = outputs.filter(([name, node]) => named.get(node) !== name);
  const shape = (node: Node) => node.shape.map((dim) => BigInt(dim[0]));
  const constants = schedule.nodes.filter((node) => node.op === "constant").map((node) => ({
    name: nameOf(node),
    dims: shape(node),
    dataType: TYPES[node.dtype],
    rawData: constantBytes(node.values!, node.dtype),
  }));
  const external = schedule.nodes.filter((node) => node.op === "weight").map((node) => {
    const { path, offset } = weights[node.attributes.name as string];
    const length = 4 * node.shape.reduce((product, dim) => product * dim[0], 1);
    return {
      name: nameOf(node),
      dims: shape(node),
      dataType: TensorType.FLOAT,
      dataLocation: DataLocation.EXTERNAL,
      externalData: [
        { key: "location", value: relative(folder, resolve(path)).replaceAll("\\", "/") },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(length) },
      ],
    };
  });
  const operators = schedule.nodes.filter((node) => !SOURCES.includes(node.op));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "tunebench",
    opsetImport: [{ domain: "", version: OPSET }, { domain: RUNTIME_DOMAIN, version: 1n }],
    graph: {
      name: "program",
      initializer: [...constants, ...external],
      input: schedule.nodes.filter((node) => node.op === "input").map((node) => valueInfo(nameOf(node), node)),
      output: outputs.map(([name, node]) => valueInfo(name, node)),
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
