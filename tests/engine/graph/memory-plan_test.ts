import assert from "node:assert/strict";
import { lookedUpMatrices } from "../../../engine/graph/graph.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { planMemory } from "../../../engine/graph/memory-plan.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import type { MemoryPlan, Program, Signature } from "../../../engine/types.ts";

const stored = (shape: number[]) => ({ path: "/weights", offset: 0, shape });

const signature: Signature = {
  weights: { w: stored([4, 5]), other: stored([100]) },
  parameters: { b: [5] },
  inputs: { x: { shape: ["batch", "length", 4], dtype: "float32" } },
};

function plan(
  program: Program,
  gradients: boolean,
  batch: number,
  length: number,
  planned = signature,
  packed = false,
  runtime: { hostSession: boolean; copiesGradients?: boolean } = { hostSession: false },
): MemoryPlan {
  return planMemory(
    orderExecution(lower(program, planned, gradients).outputs),
    planned,
    { gradients, packed, ...runtime },
    batch,
    length,
  );
}

/** Values y, h and z of batch × length rows and five columns. */
const forward: Program = ({ inputs, weights, parameters }) => {
  const y = inputs.x.reshape([-1, 4]).matMul(weights.w).add(parameters.b);
  const h = y.tanh();
  const z = y.mul(h);
  return { sum: z.sum() };
};

Deno.test("a forward pass needs its weights, its parameters and the values that are held at the same time", () => {
  for (const [batch, length] of [[1, 1], [2, 3], [7, 40]]) {
    // The product and its bias are one node; y and h are held together; z overwrites one of them; the sum is an output.
    const activations = 2 * 4 * 5 * batch * length;
    assert.deepEqual(plan(forward, false, batch, length), {
      weights: 4 * 4 * 5,
      parameters: 4 * 5,
      gradients: 0,
      optimiser: 0,
      runtime: 0,
      activations,
      total: 80 + 20 + activations,
    });
  }
});

Deno.test("a training step also needs gradients and two moments, and what the backward pass reads", () => {
  const square: Program = ({ inputs, parameters }) => {
    const y = inputs.x.reshape([-1, 4]).matMul(parameters.w);
    return { loss: y.mul(y).sum() };
  };
  const only: Signature = { ...signature, weights: {}, parameters: { w: [4, 5] } };
  for (const [batch, length] of [[1, 1], [2, 3], [7, 40]]) {
    // y and y² are held together until the sum is computed. Then y + y, the gradient, overwrites y, and its product
    // with x is added to the caller's gradient.
    const activations = 2 * 4 * 5 * batch * length;
    assert.deepEqual(plan(square, true, batch, length, only), {
      weights: 0,
      parameters: 80,
      gradients: 80,
      optimiser: 160,
      runtime: 0,
      activations,
      total: 320 + activations,
    });
  }
});

Deno.test("a weight that is read twice counts once, and one that is not read does not count", () => {
  const twice: Program = ({ weights: { w }, parameters: { b } }) => ({
    sum: w.add(b).sum().add(w.mul(b).sum()),
  });
  assert.equal(plan(twice, false, 1, 1).weights, 4 * 4 * 5);
  const both: Program = (args) => ({ ...twice(args), other: args.weights.other.mul(args.parameters.b.sum()) });
  assert.equal(plan(both, false, 1, 1).weights, 4 * (4 * 5 + 100));
});

Deno.test("a value computed from weights alone counts in place of the weights, since the runtime computes it once", () => {
  const folded: Program = ({ weights: { w }, parameters: { b } }) => ({
    y: w.matMul(w, false, true).sum(1).add(b.sum()),
  });
  const { weights, activations } = plan(folded, false, 1, 1);
  assert.deepEqual({ weights, activations }, { weights: 4 * 4, activations: 4 });
});

Deno.test("parameters, gradients and optimiser follow from the shapes alone", () => {
  const shapes = { b: [5], table: [11, 3], scalar: [] };
  const program: Program = ({ parameters: { b, table, scalar } }) => ({
    loss: b.square().sum().add(table.square().sum()).mul(scalar),
  });
  const bytes = 4 * (5 + 33 + 1);
  for (const [batch, length] of [[1, 1], [5, 9]]) {
    const { parameters, gradients, optimiser } = plan(program, true, batch, length, {
      ...signature,
      parameters: shapes,
    });
    assert.deepEqual({ parameters, gradients, optimiser }, {
      parameters: bytes,
      gradients: bytes,
      optimiser: 2 * bytes,
    });
  }
});

Deno.test("activations grow with batch and length, and are freed after their last reader", () => {
  const chain = (depth: number): Program => ({ inputs }) => {
    let x = inputs.x;
    for (let at = 0; at < depth; at++) x = x.add(1).exp();
    return { sum: x.sum() };
  };
  const attention: Program = ({ inputs: { x } }) => ({ sum: x.matMul(x, false, true).softmax().matMul(x).sum() });
  const activations = (program: Program, batch: number, length: number) =>
    plan(program, false, batch, length).activations;
  assert.equal(activations(chain(1), 3, 5), 4 * 3 * 5 * 4);
  assert.equal(activations(chain(9), 3, 5), activations(chain(1), 3, 5));
  for (const program of [chain(3), attention]) {
    assert.ok(activations(program, 4, 10) > activations(program, 2, 10));
    assert.ok(activations(program, 2, 20) > activations(program, 2, 10));
  }
  // Scores of length² entries outgrow the rest.
  assert.ok(activations(attention, 2, 200) > 3 * activations(attention, 2, 100));
});

Deno.test("values that the backward pass reads are held until then", () => {
  const deep = (depth: number): Program => ({ inputs: { x }, parameters: { b } }) => {
    let y = x.reshape([-1, 4]).pad([[0, 0], [0, 1]]).add(b);
    for (let at = 0; at < depth; at++) y = y.tanh();
    return { loss: y.sum() };
  };
  const layer = 4 * 5 * 6;
  const activations = (depth: number, gradients: boolean) => plan(deep(depth), gradients, 2, 3).activations;
  assert.equal(activations(12, true) - activations(2, true), 10 * layer);
  assert.equal(activations(12, false), activations(2, false));
});

Deno.test("a matrix counts once for each product that it is laid out for, and once more if anything else reads it", () => {
  const { w } = signature.weights;
  const twice: Program = ({ inputs, weights, parameters }) => {
    const y = inputs.x.reshape([-1, 4]).add(parameters.b.slice([0], [4])).matMul(weights.w);
    return { loss: y.mul(y).add(weights.other.sum()).sum() };
  };
  const both: Signature = { ...signature, weights: { w, other: stored([100]) } };
  const [matrix, other] = [4 * 4 * 5, 4];
  // Forward and backward; the sum of the other weight is one folded number.
  assert.equal(plan(twice, true, 2, 3, both, true).weights, 2 * matrix + other);
  assert.equal(plan(twice, false, 2, 3, both, true).weights, matrix + other);
  assert.equal(plan(twice, true, 2, 3, both).weights, matrix + other);
  const alsoAdded: Program = (args) => ({ loss: args.weights.w.mul(args.parameters.b).sum().add(twice(args).loss) });
  // b's gradient also reads the matrix's column sums, which are folded into a vector.
  assert.equal(plan(alsoAdded, true, 2, 3, both, true).weights, 3 * matrix + other + 4 * 5);
});

Deno.test("a matrix whose rows are looked up is held once, as it is stored, and read there by its products", () => {
  const tied: Program = ({ inputs: { ids, x }, weights: { table }, parameters: { b } }) => {
    const rows = table.gather(ids).add(x).add(b);
    return { loss: rows.matMul(table, false, true).square().sum() };
  };
  const only: Signature = {
    weights: { table: stored([11, 5]) },
    parameters: { b: [5] },
    inputs: { ids: { shape: ["batch"], dtype: "int32", below: 11 }, x: { shape: ["batch", 5], dtype: "float32" } },
  };
  assert.equal(plan(tied, true, 3, 1, only, true).weights, 4 * 11 * 5);
  const { nodes } = orderExecution(lower(tied, only, true).outputs);
  assert.deepEqual([...lookedUpMatrices(nodes)].map(({ attributes }) => attributes.name), ["table"]);
  const inParts: Program = ({ inputs: { ids, x }, weights: { table }, parameters: { b } }) => {
    const rows = table.gather(ids).add(x).add(b);
    const parts = [table.slice([0], [4]), table.slice([4], [7])].map((part) => rows.matMul(part, false, true));
    return { loss: parts.map((part) => part.square().sum()).reduce((sum, part) => sum.add(part)) };
  };
  assert.equal(plan(inParts, true, 3, 1, only, true).weights, 4 * 11 * 5);
  const untied: Program = ({ inputs: { x }, weights: { table }, parameters: { b } }) => ({
    loss: x.add(b).matMul(table, false, true).square().sum(),
  });
  assert.equal(plan(untied, true, 3, 1, only, true).weights, 2 * 4 * 11 * 5);
});

Deno.test("in a session of ONNX Runtime every node counts, and copies of gradients where it makes them", () => {
  const program: Program = ({ inputs, parameters }) => {
    const y = inputs.x.reshape([-1, 4]).matMul(parameters.w);
    return { loss: y.mul(y).sum() };
  };
  const only: Signature = { ...signature, weights: {}, parameters: { w: [4, 5] } };
  const eager = plan(program, true, 2, 3, only);
  const session = plan(program, true, 2, 3, only, true, { hostSession: true });
  assert.ok(session.runtime > 0 && session.runtime % 1024 === 0);
  assert.deepEqual(session, { ...eager, runtime: session.runtime, total: eager.total + session.runtime });
  const copying = plan(program, true, 2, 3, only, true, { hostSession: true, copiesGradients: true });
  assert.equal(copying.runtime - session.runtime, eager.gradients);
});
