import assert from "node:assert/strict";
import { lower } from "../../../engine/graph/lower.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import type { Program, ProgramArguments, Signature } from "../../../engine/types.ts";
import { assertClose, compileBoth, runBoth } from "../compare.ts";

const signature: Signature = {
  weights: {},
  parameters: { w: [4, 3] },
  inputs: {
    x: { shape: ["batch", "length", 4], dtype: "float32" },
    square: { shape: ["length", "length"], dtype: "float32" },
  },
};

const rows = ({ inputs, parameters }: ProgramArguments) => inputs.x.reshape([-1, 4]).matMul(parameters.w);
const good: Program = (args) => ({ loss: rows(args).square().sum() });

const outside = tf.tensor1d([1, 2, 3]);
const variable = tf.variable(tf.tensor1d([1, 2, 3]));

const CONSTANT = /^Error: Cannot trace the program: a constant differs between traces in a way that batch and/;
const OUTSIDE = /^Error: Cannot trace the program: it uses a tensor from outside; pass it as an input, a weight or a/;
const VALUES = /^Error: Cannot trace the program: it reads a tensor's values, which are not known while it is traced$/;

const refused: [string, (args: ProgramArguments) => Tensor, RegExp][] = [
  ["a random tensor", (args) => rows(args).add(tf.randomNormal([3])), CONSTANT],
  ["a random tensor as large as the batch", (args) => rows(args).add(tf.randomUniform(rows(args).shape)), CONSTANT],
  ["a seeded random tensor as large as the batch", (args) => {
    const x = rows(args);
    return x.add(tf.randomNormal(x.shape, 0, 1, "float32", 7));
  }, CONSTANT],
  ["tfjs' own dropout", (args) => tf.dropout(rows(args), 0.5), CONSTANT],
  ["a random factor", (args) => rows(args).mul(Math.random()), CONSTANT],
  [
    "a random attribute",
    (args) => rows(args).clipByValue(0, 1 + Math.random()),
    /: clipValueMax of ClipByValue differs/,
  ],
  ["a factor that is a fraction of the batch", (args) => rows(args).mul(1 / args.inputs.x.shape[0]), CONSTANT],
  ["a tensor made before", (args) => rows(args).add(outside), OUTSIDE],
  ["a tensor made before as its output", () => outside, OUTSIDE],
  ["a variable made before", (args) => rows(args).add(variable), OUTSIDE],
  [
    "a variable made inside",
    (args) => rows(args).add(tf.variable(tf.tensor1d([1, 2, 3]), true, "inside")),
    /makes a tf\.variable; pass it as a parameter$/,
  ],
  ["dataSync", (args) => rows(args).mul(rows(args).dataSync()[0]), VALUES],
  ["arraySync", (args) => rows(args).mul((rows(args).arraySync() as number[][])[0][0]), VALUES],
  ["values of its parameters", (args) => rows(args).mul(args.parameters.w.dataSync()[0]), VALUES],
  [
    "a branch on the batch size",
    (args) => args.inputs.x.shape[0] > 2 ? rows(args).exp() : rows(args).tanh(),
    /(order|number) of operations differs/,
  ],
  ["a loop as long as the text", (args) => {
    let x = rows(args);
    for (let step = 0; step < args.inputs.x.shape[1]!; step++) x = x.tanh();
    return x;
  }, /the number of operations differs/],
  ["a choice of operands by size", (args) => {
    const [a, b] = [args.inputs.x.tanh(), args.inputs.x.exp()];
    return args.inputs.x.shape[1]! > 5 ? a.sub(b) : b.sub(a);
  }, /an operand of Sub differs/],
  [
    "a rank that depends on the size",
    (args) => args.inputs.x.reshape(args.inputs.x.shape[0] > 2 ? [-1] : [-1, 1]),
    /of Reshape differs/,
  ],
  ["length² entries in a row", (args) => args.inputs.square.reshape([-1]), /a shape of Reshape differs/],
  [
    "half of the length",
    (args) => args.inputs.x.slice([0, 0], [-1, Math.floor(args.inputs.x.shape[1]! / 2)]),
    /Slice differs/,
  ],
  [
    "an unknown kernel",
    (args) => rows(args).round(),
    /^Error: Cannot trace the program: tfjs kernel Round has no rule$/,
  ],
  [
    "a falling range without a step",
    (args) => rows(args).add(tf.range(3, 0)),
    /^Error: Cannot trace range: its step must lead from 3 to 0, it is 1$/,
  ],
  ["complex numbers", (args) => tf.real(tf.complex(rows(args), rows(args))), /Cannot trace the program/],
  [
    "texts",
    (args) => rows(args).add(tf.tensor1d(["a"]).equal(tf.tensor1d(["b"])).toFloat()),
    /must be float32, int32 or bool, one is string$/,
  ],
  [
    "a product of unequal inner sizes",
    (args) => rows(args).matMul(args.parameters.w),
    /^Error: Cannot trace matMul: inner sizes must be equal, operands are \[10,3\] and \[4,3\]$/,
  ],
  [
    "a reshape to another number of entries",
    (args) => rows(args).reshape([-1, 2, 3]).reshape([3]),
    /Size\(30\) must match the product of shape 3/,
  ],
  ["a slice beyond the end", (args) => args.inputs.x.slice([0, 0, 2], [-1, -1, 3]), /would overflow/],
  [
    "a concatenation of unequal sizes",
    (args) => tf.concat([rows(args), args.inputs.x.reshape([-1, 4])]),
    /does not match the shape of the rest/,
  ],
  ["a program that throws, with the program's own error", () => {
    throw new Error("a mistake of the program");
  }, /^Error: a mistake of the program$/],
];

for (const [what, output, message] of refused) {
  Deno.test(`tracing refuses ${what}, and leaves tfjs as it was`, () => {
    const backend = tf.getBackend();
    for (const gradients of [true, false]) {
      const program: Program = (args) => ({ loss: output(args).sum().add(rows(args).sum()) });
      assert.throws(() => lower(program, signature, gradients), message);
      assert.equal(tf.getBackend(), backend);
      assert.deepEqual([...tf.grad((x: Tensor) => x.square().sum())(outside).dataSync()], [2, 4, 6]);
      assert.ok(lower(good, signature, true).outputs["gradient/w"]);
    }
  });
}

Deno.test("a mask that is asked for twice is refused with its name", () => {
  const program: Program = (args) => ({ loss: args.dropout("m", args.dropout("m", rows(args), 0.5), 0.5).sum() });
  const message = /^Error: Cannot trace the program: it asks for the mask m twice$/;
  assert.throws(() => lower(program, signature, true), message);
});

Deno.test("a kernel of the gradient that has no rule is refused with its name", () => {
  const program: Program = (args) => ({ loss: rows(args).prod(1).sum() });
  const message = /^Error: Cannot trace the program: tfjs kernel Cumprod has no rule$/;
  assert.throws(() => lower(program, signature, true), message);
  assert.ok(lower(program, signature, false).outputs.loss);
});

Deno.test("a parameter that the loss does not depend on is refused with its name", () => {
  const wider = { ...signature, parameters: { ...signature.parameters, unused: [2] } };
  const message = /^Error: Cannot train parameter unused: the loss does not depend on it$/;
  assert.throws(() => lower(good, wider, true), message);
  assert.throws(
    () => lower((args) => ({ loss: good(args).loss, other: args.parameters.unused.exp() }), wider, true),
    message,
  );
  assert.ok(lower(good, wider, false).outputs.loss);
});

Deno.test("a loss that is no scalar is refused", () => {
  const message = /^Error: Cannot train the program: its output loss must be a scalar, /;
  assert.throws(() => lower((args) => ({ loss: rows(args) }), signature, true), message);
  assert.throws(() => lower((args) => ({ cost: rows(args).sum() }), signature, true), message);
});

Deno.test("a seeded constant of fixed shape has the values that tfjs gives it", async () => {
  const program: Program = (args) => ({ sum: rows(args).add(tf.randomNormal([3], 0, 1, "float32", 7)) });
  const executables = await compileBoth(program, signature);
  const [actual, expected] = await runBoth(executables, signature, 2, 3);
  assertClose(actual.outputs, expected.outputs, 1e-5, "seeded");
});
