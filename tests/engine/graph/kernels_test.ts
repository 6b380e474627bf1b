import assert from "node:assert/strict";
import { notBefore } from "../../../engine/not-before.ts";
import { allLabelled } from "../../../engine/graph/dim.ts";
import { kernels } from "../../../engine/graph/kernels/mod.ts";
import { type Tensor, type Tensors, tf } from "../../../engine/tensor.ts";
import { traceProgram } from "../../../engine/graph/trace.ts";
import type { Program, Signature } from "../../../engine/types.ts";
import { assertClose, compileBoth, runBoth } from "../compare.ts";

const KERNEL_COUNT = 66;

/** Sizes that are not traced. Some are 1, for broadcasting, padding and splitting. */
const SIZES = [[1, 1], [1, 6], [4, 1], [6, 3]] as const;

const signature: Signature = {
  weights: {},
  parameters: {},
  inputs: {
    x: { shape: ["batch", "length", 4], dtype: "float32" },
    y: { shape: ["batch", "length", 4], dtype: "float32" },
    row: { shape: [4], dtype: "float32" },
    column: { shape: ["length", 1], dtype: "float32" },
    each: { shape: ["batch", 1, 1], dtype: "float32" },
    ids: { shape: ["batch", "length"], dtype: "int32", below: 7 },
    table: { shape: [7, 4], dtype: "float32" },
    few: { shape: ["labels", 4], dtype: "float32" },
    fewIds: { shape: ["labels"], dtype: "int32", below: 7 },
  },
};

type Case = (inputs: Tensors) => Tensor[] | Tensor;

const float = (x: Tensor) => x.toFloat();
const positive = (x: Tensor) => x.abs().add(0.1);
const flat = (x: Tensor) => x.reshape([-1, 4]);

const cases: Record<string, Case> = {
  "arithmetic with broadcasting": ({ x, row, column, each }) => [
    x.add(row),
    row.sub(x),
    x.mul(column),
    each.div(positive(x)),
    column.maximum(each),
    x.minimum(row),
    row.squaredDifference(column),
    tf.addN([x, x.mul(row), x.neg()]),
    x.add(1e-5).mul(2).sub(0).div(1),
  ],
  "powers": (
    { x, row },
  ) => [x.pow(2), positive(x).pow(row), tf.pow(2, x), x.toInt().pow(tf.scalar(2, "int32")).toFloat()],
  "comparisons with broadcasting": ({ x, row, each, ids }) => [
    float(x.greater(row)),
    float(x.greaterEqual(x)),
    float(each.less(x)),
    float(x.lessEqual(each)),
    float(ids.equal(tf.scalar(3, "int32"))),
    float(ids.notEqual(tf.scalar(3, "int32"))),
    float(x.greater(0).logicalAnd(row.greater(0))),
    float(x.greater(0).logicalOr(row.greater(0))),
    float(x.greater(0).logicalNot()),
  ],
  "functions of one tensor": ({ x }) => [
    x.neg(),
    x.abs(),
    x.sign(),
    x.exp(),
    positive(x).log(),
    positive(x).sqrt(),
    positive(x).rsqrt(),
    positive(x).reciprocal(),
    x.tanh(),
    x.sigmoid(),
    x.relu(),
    x.erf(),
    x.sin(),
    x.cos(),
    x.floor(),
    x.square(),
    x.step(),
    x.step(0.25),
    x.clipByValue(-0.5, 0.7),
    x.zerosLike(),
    x.onesLike(),
  ],
  "whole numbers": ({ x, ids }) => [
    float(ids.mul(tf.scalar(-3, "int32")).add(ids)),
    float(ids.sub(tf.scalar(3, "int32")).abs().neg().sign()),
    float(ids.maximum(tf.scalar(3, "int32"))),
    float(ids.square()),
    float(ids.zerosLike()),
    float(ids.sum(1)),
    float(ids.max(-1)),
    ids.mean(-1),
    float(x.mul(3).toInt()),
    float(ids.toBool()),
  ],
  "choices": ({ x, y, row, column }) => [
    tf.where(x.greater(0), x, y),
    tf.where(column.greater(0), x, row),
    tf.where(row.greater(0), tf.scalar(1), x),
    tf.where(x.greater(row), row, column),
  ],
  "gather along the first and the last axes": ({ ids, table, x }) => [
    table.gather(ids.flatten() as never),
    table.gather(ids as never),
    table.transpose().gather(ids as never, 1),
    table.gather(tf.tensor1d([3, 0, 3], "int32"), -1),
    x.gather(tf.tensor1d([0], "int32"), 1),
    x.gather(tf.tensor1d([3, 0], "int32"), -1),
  ],
  "sums over segments": ({ ids, x }) => [
    tf.unsortedSegmentSum(flat(x), ids.flatten() as never, 7),
    tf.unsortedSegmentSum(flat(x).mul(0).add(1), ids.flatten() as never, 7),
  ],
  "one-hot": ({ ids }) => [
    tf.oneHot(ids, 7),
    tf.oneHot(ids, 5, 0.9, -0.1),
    float(tf.oneHot(ids, 7, 1, 0, "int32")),
    tf.oneHot(ids, ids.shape[1]! + 1),
    tf.oneHot(ids, ids.shape[0] + 1),
  ],
  "greatest entries": ({ x }) => [float(x.argMax(-1)), float(x.argMax(0)), float(x.argMax(1))],
  "shapes": ({ x, row }) => [
    x.reshape([x.shape[1]!, -1]),
    x.reshape([x.shape[0], 2, x.shape[1]!, 2]),
    x.reshape([-1]),
    x.reshape([-1, 4]).reshape(x.shape).reshape([x.shape[0], -1]),
    x.expandDims(-1).expandDims(0),
    row.expandDims(),
    x.clone(),
  ],
  "transpositions": ({ x, column }) => [
    x.transpose(),
    x.transpose([0, 2, 1]),
    x.transpose([1, 0, 2]).transpose([2, 0, 1]),
    x.transpose([1, 2, 0]).transpose([2, 0, 1]),
    column.transpose(),
    x.reshape([x.shape[0], x.shape[1]!, 2, 2]).transpose([0, 2, 1, 3]),
  ],
  "slices": ({ x }) => {
    const [batch, length] = x.shape as [number, number];
    return [
      x.slice([0, length - 1, 1], [batch, 1, 2]),
      x.slice([0, 0], [1, length]),
      x.slice([batch - 1]),
      x.slice(batch - 1),
      x.slice(batch - 1, 1).expandDims(0).slice(0, 1),
      x.slice([0, 0, 2]),
      x.slice([0, 0, 1], [-1, -1, 2]),
      flat(x).slice([batch * length - 1, 0], [1, 3]),
    ];
  },
  "splits": ({ x }) => {
    const [batch, length] = x.shape as [number, number];
    const doubled = tf.concat([x, x.neg()], 1);
    return [
      ...x.split(2, -1),
      ...x.split([1, 3], 2),
      ...doubled.split([length, length], 1),
      ...doubled.split([1, -1], 1),
      ...doubled.split(2, -2),
      ...flat(x).split([batch * length - 1, 1]).slice(1),
      ...x.unstack(-1),
      ...x.transpose([2, 0, 1]).unstack(),
    ];
  },
  "concatenations": ({ x, y, each, column }) => [
    tf.concat([x, y, x]),
    tf.concat([x, y.slice([0, 0, 1])], -1),
    tf.concat([x, y], -2),
    tf.stack([x, y], -1),
    tf.stack([x, y], 1),
    tf.concat([column, each.flatten().expandDims(1) as typeof column]),
  ],
  "repetitions": ({ x, row, column, each }) => [
    row.tile([3]),
    row.expandDims().tile([x.shape[0], 1]),
    x.tile([1, 2, 1]),
    x.tile([2, 1, 3]),
    flat(x).tile([1, x.shape[1]!]),
    column.tile([x.shape[0], 1]),
    each.tile([1, x.shape[1]!, 2]).mul(x.slice([0, 0, 0], [-1, -1, 2])),
    row.broadcastTo(x.shape),
    tf.scalar(2).broadcastTo(x.shape).mul(column),
  ],
  "padding": ({ x, ids }) => {
    const [batch, length] = x.shape as [number, number];
    return [
      x.pad([[0, 0], [1, 2], [0, 0]]),
      x.pad([[batch, 0], [0, length], [1, 0]], -1.5),
      flat(x).pad([[0, batch * length + 1], [0, 0]]),
      float(ids.pad([[0, 1], [2, 0]], 3)),
    ];
  },
  "constants": ({ x }) => {
    const [batch, length] = x.shape as [number, number];
    return [
      tf.fill([batch, length], 2.5),
      tf.fill([2], batch),
      tf.scalar(length).mul(x),
      tf.zeros(x.shape),
      tf.ones([length, 2]),
      tf.tensor2d([[1, 2, 3, 4], [0, 0, -1, 0.5]]).mul(row(x)),
      tf.tensor1d([0, -0, 1, -1]).reciprocal(),
      tf.scalar(0).reciprocal(),
      tf.scalar(-0).reciprocal(),
      tf.tensor1d([0, -0]).reciprocal(),
      x.clipByValue(0, length),
      tf.fill([2], 1, "bool").toFloat(),
    ];
  },
  "ranges": ({ x }) => {
    const [batch, length] = x.shape as [number, number];
    return [
      tf.range(0, length),
      tf.range(length, 2 * length + 3),
      tf.range(batch, -batch, -1),
      tf.range(0, 2 * length, 2).add(0.5),
      tf.range(1, 2, 0.25),
      float(tf.range(0, batch * length, 1, "int32")),
      float(tf.range(0, length, 1, "int32").expandDims().lessEqual(tf.range(0, length, 1, "int32").expandDims(1))),
    ];
  },
  "reductions": ({ x, row, column }) => [
    x.sum(),
    x.sum(-1),
    x.sum([0, -2], true),
    x.sum([1, 0]),
    x.mean(),
    x.mean(-1, true),
    x.mean([-3, 1]),
    x.max(-1),
    x.max([0, 1], true),
    x.max(),
    x.min(1),
    x.min(-1, true),
    x.prod(-1),
    x.prod([1], true),
    x.greater(0).sum(-1).toFloat(),
    x.greater(0).sum().toFloat(),
    float(x.greater(0).max(-1)),
    x.greater(0).prod(1).toFloat(),
    row.sum(),
    column.sum(1),
    column.mean(1, true),
    tf.scalar(3).sum(),
  ],
  "values that are not computed before others": ({ x, y, row }) => [
    notBefore(x, y.sigmoid()).mul(y),
    notBefore(row, row.exp()).add(x),
  ],
  "as many rows as labels": ({ x, table, few, fewIds }) => [
    few.mul(table.gather(fewIds)).sum(1),
    few.matMul(table, false, true).softmax(),
    tf.unsortedSegmentSum(few, fewIds.as1D(), 7),
    tf.concat([few, flat(x)]),
    few.reshape([-1, 1]).add(few.shape[0]!),
    tf.range(0, few.shape[0]!, 1, "float32").mul(few.sum(1)),
  ],
  "softmax": ({ x, row }) => [x.softmax(), x.softmax(-1), row.softmax(), x.logSoftmax(), x.logSumExp(1)],
  "cumulated sums": ({ x, ids }) => [
    x.cumsum(),
    x.cumsum(2),
    x.cumsum(1, true),
    x.cumsum(0, false, true),
    x.cumsum(1, true, true),
    float(ids.cumsum(1)),
  ],
  "matrix products": ({ x, y, row, table }) => [
    flat(x).matMul(table, false, true),
    table.matMul(flat(x), false, true),
    flat(x).matMul(flat(y), true),
    flat(x).matMul(table, false, true).add(row.sum()),
    flat(x).matMul(table, false, true).add(flat(x).sum(1, true)),
    row.expandDims().matMul(table, false, true).add(flat(x).sum(1, true)),
    table.sum(1).add(flat(x).matMul(table, false, true)),
    flat(x).matMul(table.slice([0], [4])).add(row),
    row.add(flat(x).matMul(table.slice([0], [4]), false, true)),
    flat(x).matMul(flat(y), false, true).add(flat(x).matMul(flat(y), false, true)),
    x.matMul(y, false, true),
    x.matMul(y, true, false),
    x.matMul(y.transpose([0, 2, 1]), false, false).softmax().matMul(y),
    x.matMul(y.transpose([0, 2, 1]), true, true),
    x.matMul(table.slice([0], [4]).expandDims(), false, true),
  ],
};

function row(x: Tensor): Tensor {
  return x.sum([0, 1]);
}

function programOf(compute: Case): Program {
  return ({ inputs }) =>
    Object.fromEntries([compute(inputs)].flat().map((tensor, index) => [`output ${index}`, tensor]));
}

for (const [name, compute] of Object.entries(cases)) {
  Deno.test(`traced ${name} agree with tfjs at sizes that were not traced`, async () => {
    const executables = await compileBoth(programOf(compute), signature);
    for (const [batch, length] of SIZES) {
      const [actual, expected] = await runBoth(executables, signature, batch, length);
      assertClose(actual.outputs, expected.outputs, 1e-5, `${name} at ${batch}×${length}`, 1);
    }
    await Promise.all(executables.map((executable) => executable.release()));
  });
}

Deno.test("every kernel of the table is used by one of these tests", () => {
  const traced = Object.values(cases).flatMap((compute) =>
    traceProgram(programOf(compute), signature, false, [allLabelled(2, 5)])[0].steps.map(({ kernel }) => kernel)
  );
  // Identity leaves no step in a trace.
  const dispatched = new Set([...traced, "Identity"]);
  assert.deepEqual(Object.keys(kernels).filter((kernel) => !dispatched.has(kernel)), []);
  assert.equal(Object.keys(kernels).length, KERNEL_COUNT);
});
