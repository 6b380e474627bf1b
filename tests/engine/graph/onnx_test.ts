import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as Attribute,
  ModelProtoSchema,
  TensorProto_DataLocation as Place,
} from "onnx-buf";
import { BATCH, fixed, LENGTH } from "../../../engine/graph/dim.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import { Graph } from "../../../engine/graph/graph.ts";
import { encodeOnnx } from "../../../engine/graph/onnx.ts";

Deno.test("a library for ONNX reads from a model what the graph has: operators, attributes, sizes, constants, places of weights", () => {
  const graph = new Graph();
  const long = "a name of more than 127 bytes, so that its length takes two: é".repeat(3);
  const x = graph.input(long, [BATCH, LENGTH, fixed(300)], "float32");
  const weight = graph.weight("w", [300, 2]);
  const integers = graph.constant([-1, 2 ** 40], [2], "int64");
  const half = graph.constant([0.5], [], "float32");
  const attributes = { axis: -3, keepdims: 1, mode: "linear", perm: [0, -1, 300], to: "int32" };
  const operator = graph.node("Anything", [x, weight, integers, half], attributes, [fixed(1)], "float32");
  const product = graph.node("MatMulIntegerToFloat", [operator], {}, [fixed(1)], "float32");
  const order = orderExecution({ first: operator, second: product, third: product });
  const bytes = encodeOnnx(
    order,
    { w: { path: "/models/a/b.safetensors", offset: 2 ** 33, shape: [300, 2] } },
    "/models",
  );

  const { irVersion, producerName, opsetImport, graph: read } = fromBinary(ModelProtoSchema, bytes);
  assert.deepEqual([irVersion, producerName], [9n, "tunebench"]);
  assert.deepEqual(opsetImport.map(({ domain, version }) => [domain, version]), [["", 20n], ["com.microsoft", 1n]]);
  const nodes = read!.node.map(({ opType, domain, input, output }) => [opType, domain, input.length, output[0]]);
  assert.deepEqual(nodes, [
    ["Anything", "", 4, "output/first"],
    ["MatMulIntegerToFloat", "com.microsoft", 1, "output/second"],
    ["Identity", "", 1, "output/third"],
  ]);
  assert.deepEqual([read!.node[0].input[0], read!.node[2].input[0]], [long, "output/second"]);
  const { INT, INTS, STRING } = Attribute;
  assert.deepEqual(
    read!.node[0].attribute.map(({ name, type, i, s, ints }) => [name, type, i, new TextDecoder().decode(s), ints]),
    [
      ["axis", INT, -3n, "", []],
      ["keepdims", INT, 1n, "", []],
      ["mode", STRING, 0n, "linear", []],
      ["perm", INTS, 0n, "", [0n, -1n, 300n]],
      ["to", INT, 6n, "", []],
    ],
  );
  const [input] = read!.input;
  assert.equal(input.name, long);
  assert.deepEqual(
    input.type!.value.case === "tensorType" && input.type!.value.value.shape!.dim.map(({ value }) => value.value),
    ["d0_1_0_0_0", "d0_0_1_0_0", 300n],
  );
  assert.deepEqual(read!.output.map(({ name }) => name), ["output/first", "output/second", "output/third"]);
  const tensors = Object.fromEntries(read!.initializer.map((tensor) => [tensor.dataType, tensor]));
  assert.deepEqual([...new BigInt64Array(tensors[7].rawData.slice().buffer)], [-1n, 2n ** 40n]);
  const [constant, stored] = read!.initializer.filter(({ dataType }) => dataType === 1);
  assert.deepEqual([...new Float32Array(constant.rawData.slice().buffer)], [0.5]);
  assert.deepEqual([stored.dims, stored.dataLocation], [[300n, 2n], Place.EXTERNAL]);
  assert.deepEqual(
    stored.externalData.map(({ key, value }) => [key, value]),
    [["location", "a/b.safetensors"], ["offset", String(2 ** 33)], ["length", "2400"]],
  );
});
