import assert from "node:assert/strict";
import type { Node } from "../../../engine/graph/graph.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import type { Program, ProgramArguments, Signature } from "../../../engine/types.ts";

const SHAPES = { w0: [4, 6], w1: [6, 7], w2: [7, 3] };

/** Three layers, of which some are trained and the others are frozen. */
function signatureOf(trained: readonly string[]): Signature {
  const shapes = Object.entries(SHAPES);
  return {
    weights: Object.fromEntries(
      shapes.filter(([name]) => !trained.includes(name))
        .map(([name, shape]) => [name, { path: "/weights", offset: 0, shape }]),
    ),
    parameters: Object.fromEntries(shapes.filter(([name]) => trained.includes(name))),
    inputs: { x: { shape: ["batch", 4], dtype: "float32" } },
  };
}

const layers = ({ inputs, weights, parameters }: ProgramArguments) => {
  const all: Record<string, Tensor> = { ...weights, ...parameters };
  const first = inputs.x.matMul(all.w0).tanh();
  const second = first.matMul(all.w1).tanh();
  return { first, second, third: second.matMul(all.w2) };
};

const training: Program = (args) => ({ loss: layers(args).third.square().sum() });

function nodesOf(program: Program, signature: Signature, gradients: boolean): Node[] {
  return orderExecution(lower(program, signature, gradients).outputs).nodes;
}

function count(nodes: readonly Node[], op: string): number {
  return nodes.filter((node) => node.op === op).length;
}

const products: [string[], number, string][] = [
  [["w2"], 3 + 1, "the last layer: its own gradient"],
  [["w1"], 3 + 2, "the middle layer: the gradients of the second values and of the layer"],
  [["w0"], 3 + 3, "the first layer: the gradients of the second and first values and of the layer"],
  [["w1", "w2"], 3 + 3, "the last two layers"],
  [["w0", "w2"], 3 + 4, "the outer layers"],
  [["w0", "w1", "w2"], 3 + 5, "all layers: every gradient but the input's"],
];

for (const [trained, expected, what] of products) {
  Deno.test(`the backward pass needs ${expected - 3} products to train ${what}`, () => {
    assert.equal(count(nodesOf(training, signatureOf(trained), true), "Gemm"), expected);
  });
}

Deno.test("only nodes that an output needs are computed", () => {
  const signature = signatureOf([]);
  for (const [at, name] of ["first", "second", "third"].entries()) {
    const nodes = nodesOf((args) => ({ [name]: layers(args)[name as "first"] }), signature, false);
    assert.equal(count(nodes, "Gemm"), at + 1);
    assert.equal(count(nodes, "weight"), at + 1);
  }
});

Deno.test("equal computations are done once, other constants and attributes make other computations", () => {
  const signature = signatureOf([]);
  const twice = nodesOf(({ inputs: { x } }) => ({ a: x.exp().add(1), b: x.exp().add(1).mul(2) }), signature, false);
  assert.deepEqual([count(twice, "Exp"), count(twice, "Add"), count(twice, "Mul")], [1, 1, 1]);
  const other = nodesOf(
    ({ inputs: { x } }) => ({
      a: x.add(1),
      b: x.add(1.5),
      c: x.cumsum(1),
      d: x.cumsum(1, true),
      e: x.sum(0),
      f: x.sum(1),
    }),
    signature,
    false,
  );
  assert.deepEqual([count(other, "Add"), count(other, "CumSum"), count(other, "ReduceSum")], [2, 2, 2]);
});

Deno.test("biases and accumulated gradients are added by the products", () => {
  const signature: Signature = {
    weights: {},
    parameters: { w: [4, 6], b: [6] },
    inputs: { x: { shape: ["batch", 4], dtype: "float32" } },
  };
  const nodes = nodesOf(
    ({ inputs, parameters }) => ({ loss: inputs.x.matMul(parameters.w).add(parameters.b).tanh().sum() }),
    signature,
    true,
  );
  const additions = nodes.filter(({ op }) => op === "Add");
  assert.equal(count(nodes, "Gemm"), 2);
  assert.ok(nodes.filter(({ op }) => op === "Gemm").every(({ inputs }) => inputs.length === 3));
  // The bias' gradient is a sum over rows, added to its accumulator.
  assert.deepEqual(additions.map(({ inputs }) => inputs.map(({ op }) => op)), [["ReduceSum", "input"]]);
});

Deno.test("a product that another node reads is not fused with an addition", () => {
  const nodes = nodesOf(
    ({ inputs: { x }, weights }) => {
      const y = x.matMul(weights.w0);
      return { sum: y.add(1), y };
    },
    signatureOf([]),
    false,
  );
  assert.deepEqual([count(nodes, "Gemm"), count(nodes, "Add")], [1, 1]);
});

Deno.test("a broadcast is not computed where its reader broadcasts", () => {
  const nodes = nodesOf(
    ({ inputs: { x } }) => ({ y: x.onesLike().mul(3).add(x).sub(x.zerosLike()).mul(x.onesLike()) }),
    signatureOf([]),
    false,
  );
  assert.deepEqual(nodes.map(({ op }) => op).sort(), ["Add", "constant", "input"]);
});

Deno.test("rows of a lookup's gradient are added to what else is added, not to zeros first", () => {
  const signature: Signature = {
    weights: {},
    parameters: { table: [6, 3] },
    inputs: {
      ids: { shape: ["batch"], dtype: "int32", below: 6 },
      others: { shape: ["batch"], dtype: "int32", below: 6 },
    },
  };
  const nodes = nodesOf(
    ({ inputs: { ids, others }, parameters: { table } }) => {
      const [read, scored] = [ids, others].map((one) => tf.gather(table, one));
      return { loss: read.matMul(table, false, true).tanh().sum().add(read.mul(scored).sum()) };
    },
    signature,
    true,
  );
  const rows = nodes.filter(({ op }) => op === "ScatterElements");
  assert.equal(rows.length, 2);
  assert.equal(rows.filter(({ inputs: [data] }) => data.op === "Expand").length, 0);
});
