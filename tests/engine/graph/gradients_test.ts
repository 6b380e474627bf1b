import assert from "node:assert/strict";
import { cpu } from "../../../engine/devices/cpu.ts";
import { js } from "../../../engine/devices/js.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import type { Feed, Program, ProgramArguments, Signature } from "../../../engine/types.ts";
import { type Arrays, assertClose, compileBoth, randomFeed, runBoth } from "../compare.ts";

const WIDTH = 6;
const HEADS = 2;
const CLASSES = 3;
const VOCABULARY = 7;

const signature: Signature = {
  weights: {},
  parameters: {
    table: [VOCABULARY, WIDTH],
    "attention.query": [WIDTH, WIDTH],
    "attention.key": [WIDTH, WIDTH],
    "attention.value": [WIDTH, WIDTH],
    "attention.output": [WIDTH, WIDTH],
    "norm.scale": [WIDTH],
    "norm.shift": [WIDTH],
    "feed.in": [WIDTH, 10],
    "feed.in.bias": [10],
    "feed.out": [10, WIDTH],
    "feed.out.bias": [WIDTH],
    "prompt": [2, WIDTH],
    "head": [WIDTH, CLASSES],
    "head.bias": [CLASSES],
  },
  inputs: {
    ids: { shape: ["batch", "length"], dtype: "int32", below: VOCABULARY },
    padding: { shape: ["batch", "length"], dtype: "float32" },
    labels: { shape: ["batch"], dtype: "int32", below: CLASSES },
  },
};

function norm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const centred = x.sub(x.mean(-1, true));
  return centred.mul(centred.square().mean(-1, true).add(1e-5).rsqrt()).mul(scale).add(shift);
}

function gelu(x: Tensor): Tensor {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/** One layer of a transformer with two virtual tokens; `change` alters the token embeddings. */
function transformer(change: (x: Tensor) => Tensor = (x) => x): Program {
  return ({ inputs, parameters: p, dropout }: ProgramArguments) => {
    const [batch, length] = inputs.ids.shape as [number, number];
    const total = length + 2;
    const words = change(p.table.gather(inputs.ids.flatten() as never)).reshape([batch, length, WIDTH]);
    const prompt = p.prompt.expandDims().add(tf.zeros([batch, 1, 1]));
    const x = tf.concat([prompt, words], 1).reshape([batch * total, WIDTH]);
    const heads = (y: Tensor) => y.reshape([batch, total, HEADS, WIDTH / HEADS]).transpose([0, 2, 1, 3]);
    const [query, key, value] = ["query", "key", "value"].map((name) => heads(x.matMul(p[`attention.${name}`])));
    const mask = inputs.padding.pad([[0, 0], [2, 0]]).greater(1).toFloat().mul(-1e9).reshape([batch, 1, 1, total]);
    const weights = query.matMul(key, false, true).mul((WIDTH / HEADS) ** -0.5).add(mask).softmax();
    const mixed = weights.matMul(value).transpose([0, 2, 1, 3]).reshape([batch * total, WIDTH]);
    const attended = norm(
      x.add(dropout("attention", mixed.matMul(p["attention.output"]), 0.25)),
      p["norm.scale"],
      p["norm.shift"],
    );
    const fed = gelu(attended.matMul(p["feed.in"]).add(p["feed.in.bias"])).matMul(p["feed.out"]);
    const pooled = attended.add(fed).add(p["feed.out.bias"]).reshape([batch, total, WIDTH]).mean(1);
    const logits = pooled.matMul(p.head).add(p["head.bias"]);
    const chosen = logits.logSoftmax().mul(tf.oneHot(inputs.labels, CLASSES).toFloat());
    return { loss: chosen.sum().neg(), logits };
  };
}

/** (loss(p + h) − loss(p − h)) ÷ 2h for every entry of every parameter. */
async function centralDifferences(program: Program, feed: Feed): Promise<Arrays> {
  const h = 1e-2;
  // With gradients, since there is dropout only with them. Their values are not used.
  const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
  const unused = randomFeed(signature, executable, 1, 1).gradients;
  const differences: Arrays = {};
  for (const [name, values] of Object.entries(feed.parameters)) {
    differences[name] = new Float32Array(values.length);
    for (let index = 0; index < values.length; index++) {
      const start = values[index];
      const around: number[] = [];
      for (const step of [h, -h]) {
        values[index] = start + step;
        around.push((await executable.run({ ...feed, gradients: unused })).loss[0]);
      }
      values[index] = start;
      differences[name][index] = (around[0] - around[1]) / (2 * h);
    }
  }
  return differences;
}

/** Values for a call, with parameters so small that third derivatives are small too. */
function smallFeed(program: Program, batch: number, length: number): Feed {
  const feed = randomFeed(signature, lower(program, signature, true), batch, length);
  for (const [name, values] of Object.entries(feed.parameters)) {
    if (name !== "table" && name !== "prompt") values.forEach((value, index) => values[index] = value / 2);
  }
  return feed;
}

async function gradientsOf(program: Program, feed: Feed): Promise<Arrays> {
  const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
  await executable.run(feed);
  return feed.gradients!;
}

Deno.test("gradients of a transformer agree with tfjs at sizes that were not traced", async () => {
  const executables = await compileBoth(transformer(), signature, true);
  for (const [batch, length] of [[1, 1], [1, 9], [4, 1], [4, 6]]) {
    const [actual, expected] = await runBoth(executables, signature, batch, length);
    assertClose(actual.outputs, expected.outputs, 1e-4, `outputs at ${batch}×${length}`);
    assertClose(actual.gradients, expected.gradients, 1e-4, `gradients at ${batch}×${length}`);
  }
});

Deno.test("gradients of a transformer agree with central differences", async () => {
  const feed = smallFeed(transformer(), 3, 4);
  assertClose(await gradientsOf(transformer(), feed), await centralDifferences(transformer(), feed), 1e-2, "gradients");
});

Deno.test("both comparisons catch a gradient that is wrong by a tenth", async () => {
  const wrong = transformer((x) =>
    tf.customGrad((y) => ({ value: (y as Tensor).clone(), gradFunc: (dy: Tensor) => dy.mul(1.1) }))(x)
  );
  const feed = smallFeed(wrong, 3, 4);
  const expected = await centralDifferences(wrong, feed);
  const actual = await gradientsOf(wrong, feed);
  const { table: wrongTable, ...otherActual } = actual;
  const { table, ...otherExpected } = expected;
  assertClose(otherActual, otherExpected, 1e-2, "the other gradients");
  assert.throws(() => assertClose({ table: wrongTable }, { table }, 1e-2, "gradients"), /table\[\d+\] is/);

  const options = { gradients: true, threads: 1 };
  const [planted] = await runBoth([await cpu.compile(wrong, signature, options)], signature, 3, 4);
  const [right] = await runBoth([await js.compile(transformer(), signature, options)], signature, 3, 4);
  assert.throws(() => assertClose(planted.gradients, right.gradients, 1e-4, "gradients"), /table\[\d+\] is/);
});

Deno.test("gradients of two micro-batches add up to those of the whole batch", async () => {
  const program = transformer();
  const executable = await cpu.compile(program, signature, { gradients: true, threads: 1 });
  const whole = randomFeed(signature, executable, 5, 4);
  await executable.run(whole);
  const parts = { ...whole, gradients: randomFeed(signature, executable, 5, 4).gradients };
  for (const [from, to] of [[0, 2], [2, 5]]) {
    const inputs = Object.fromEntries(
      Object.entries(whole.inputs).map(([name, { data, shape }]) => {
        // The mask has several rows for each example.
        const share = (total: number, examples: number) => total / 5 * examples;
        const part = data.slice(share(data.length, from), share(data.length, to));
        return [name, { data: part, shape: shape.with(0, share(shape[0], to - from)) }];
      }),
    );
    await executable.run({ ...parts, inputs });
  }
  assertClose(parts.gradients!, whole.gradients!, 1e-5, "accumulated gradients");
});

Deno.test("gradients of embeddings are rows that are added, also for repeated ids", async () => {
  const program: Program = ({ inputs, parameters }) => ({
    loss: parameters.table.gather(inputs.ids as never).mul(inputs.padding.expandDims(2)).square().sum(),
  });
  const only = { ...signature, parameters: { table: signature.parameters.table } };
  assert.deepEqual(lower(program, only, true).rows, [{ parameter: "table", ids: "ids" }]);
  const executables = await compileBoth(program, only, true);
  const [actual, expected] = await runBoth(executables, only, 9, 5);
  assertClose(actual.gradients, expected.gradients, 1e-5, "gradients");
  assert.deepEqual(Object.keys(actual.outputs), ["loss"]);
});

const dense: Record<string, (args: ProgramArguments) => Tensor> = {
  "a table that is also the output layer": ({ inputs, parameters: { table } }) =>
    table.gather(inputs.ids.flatten() as never).matMul(table, false, true),
  "a table that is read at two places": ({ inputs, parameters: { table } }) =>
    tf.concat([table.gather(inputs.ids.flatten() as never), table.gather(inputs.labels as never)]),
  "a table read by computed ids": ({ inputs, parameters: { table } }) =>
    table.gather(inputs.ids.toBool().toInt().flatten() as never),
  "a table read by one id for all rows": ({ inputs, parameters: { table } }) =>
    table.gather(inputs.id.add(tf.zeros([5], "int32")) as never),
  "a table that is scaled first": ({ inputs, parameters: { table } }) =>
    table.mul(3).gather(inputs.ids.flatten() as never),
};

for (const [what, logits] of Object.entries(dense)) {
  Deno.test(`${what} has a dense gradient`, async () => {
    const program: Program = (args) => ({ loss: logits(args).square().sum() });
    const only: Signature = {
      weights: {},
      parameters: { table: signature.parameters.table },
      inputs: { ...signature.inputs, id: { shape: [1], dtype: "int32", below: VOCABULARY } },
    };
    assert.deepEqual(lower(program, only, true).rows, []);
    const executables = await compileBoth(program, only, true);
    const [actual, expected] = await runBoth(executables, only, 9, 5);
    assertClose(actual.gradients, expected.gradients, 1e-4, "gradients");
  });
}

/** Operations whose gradients use other kernels than the operation itself. */
const operations: Record<string, (p: Tensor, q: Tensor, x: Tensor) => Tensor> = {
  "division and powers": (p, q) => p.div(q.square().add(1)).add(q.square().add(1).pow(p)).add(p.pow(3)),
  "maxima and minima": (p) => p.maximum(p.square()).sub(p.minimum(p.neg())).mul(p.max(0, true)).mul(p.min(1, true)),
  "ties of a maximum": (p) => tf.concat([p, p]).max(0),
  "logarithms and roots": (p) => p.square().add(1).log().add(p.square().add(1).sqrt()).add(p.square().add(1).rsqrt()),
  "activations": (p) => p.relu().add(p.tanh()).add(p.sigmoid()).add(p.erf()).add(p.abs()).add(p.clipByValue(-1, 0.5)),
  "angles": (p) => p.sin().mul(p.cos()).add(p.square().add(1).reciprocal()),
  "differences": (p, q) => p.squaredDifference(p.square()).add(p.sub(q).exp()).sub(p.neg()),
  "softmax": (p, q) => p.softmax().mul(q).add(p.logSoftmax()).add(p.logSumExp(1, true)),
  "choices": (p, q, x) => tf.where(x.sum([0, 1]).expandDims(1).greater(0), p.mul(q), q.add(p.zerosLike())),
  "slices and padding": (p) => p.slice([1, 0], [2, 2]).pad([[0, 1], [3, 0]], 7).mul(2),
  "splits": (p) => tf.concat([...p.split([1, 3]), ...p.unstack().map((row) => row.expandDims().square())]),
  "stacks": (p, q) => tf.stack([p.mul(q), p.cumsum(1), p.cumsum(1, true, true), p.neg()], 1),
  "transpositions": (p, _, x) =>
    p.transpose().expandDims().mul(x.mean([1], true)).transpose([2, 0, 1]).mul(p.expandDims(1)),
  "gather along another axis": (p, _, x) => p.transpose().gather(tf.tensor1d([3, 0, 3], "int32"), 1).mul(x.sum()),
  "means of everything": (p, q) => p.mean().mul(q.mean(-1)).add(p.mean([0, 1])),
  "batched products": (p, _, x) => x.matMul(p.expandDims().add(tf.zeros([x.shape[0], 1, 1]))).softmax(),
  "products of both transpositions": (p) => p.matMul(p, true).matMul(p, false, true).matMul(p, true, true),
  "broadcasting a number": (p, q, x) => x.mul(p.sum()).add(q.sum()).add(tf.scalar(2)),
};

for (const [what, operation] of Object.entries(operations)) {
  Deno.test(`gradients of ${what} agree with tfjs`, async () => {
    const only: Signature = {
      weights: {},
      parameters: { p: [4, 3], q: [3] },
      inputs: { x: { shape: ["batch", "length", 4], dtype: "float32" } },
    };
    const program: Program = ({ parameters: { p, q }, inputs: { x } }) => {
      const output = operation(p, q, x);
      // Factors that differ show a gradient in the wrong place; the sums use every parameter.
      const factors = output.mul(2).sin().add(1);
      return { loss: output.mul(factors).sum().add(p.sum()).add(q.sum()) };
    };
    const executables = await compileBoth(program, only, true);
    for (const [batch, length] of [[1, 1], [4, 6]]) {
      const [actual, expected] = await runBoth(executables, only, batch, length);
      assertClose(actual.outputs, expected.outputs, 1e-4, `${what} at ${batch}×${length}`, 1);
      assertClose(actual.gradients, expected.gradients, 1e-4, `${what} at ${batch}×${length}`);
    }
  });
}
