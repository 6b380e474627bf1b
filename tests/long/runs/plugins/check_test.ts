/** What `plugin check` finds: of the examples in docs/plugins, and of definitions that break one rule each. */
import assert from "node:assert/strict";
import { z } from "zod";
import { type Tensor, tf } from "../../../../engine/tensor.ts";
import { commonOptions } from "../../../../methods/shared/options.ts";
import { drawn } from "../../../../methods/shared/parameter.ts";
import type { CommonOptions, Method } from "../../../../methods/types.ts";
import { checkDefinition } from "../../../../runs/plugins/check/check.ts";
import { defineMethod, defineTask, type Definition, definitionOf } from "../../../../runs/plugins/define.ts";
import type { Backbone, BackboneShape } from "../../../../models/types.ts";
import type { Task } from "../../../../tasks/types.ts";
import { defineModel } from "../../../../plugin.ts";
import addedBias from "../../../../docs/plugins/added-bias.ts";
import feedback from "../../../../docs/plugins/feedback.ts";
import randomWords from "../../../../docs/plugins/random-words.ts";

/** The rules that a definition breaks, by their first words, with what was found. */
async function broken(value: object): Promise<Record<string, string>> {
  const { checks } = await checkDefinition(definitionOf(value) as Definition);
  return Object.fromEntries(checks.filter(({ passed }) => !passed).map(({ rule, detail }) => [rule, detail]));
}

Deno.test("the examples of docs/plugins keep their contracts", async () => {
  for (const example of [addedBias, feedback, randomWords]) assert.deepEqual(await broken(example), {}, example.name);
});

const names = (shape: BackboneShape) => shape.linears.map(({ name, out }) => drawn(`${name}.v`, [out], () => 0));
const method: Method<CommonOptions> = { ...addedBias, options: z.strictObject(commonOptions(1e-2)) };

Deno.test("a method that breaks a rule is told which, and by what", async () => {
  const [counted, start, identity, changes, gradient, stored] = [
    "it trains as many values as its closed form says",
    "its start values have its shapes, are finite and the same each time",
    "it computes at the start what the backbone does, as it claims",
    "everything that it trains changes what is computed",
    "its gradients are those of finite differences",
    "what is stored of it gives it back",
  ];
  const wrongSquare = tf.customGrad((x) => ({
    value: (x as Tensor).square(),
    // The factor 2 of the derivative is missing.
    gradFunc: (dy) => [(dy as Tensor).mul(x as Tensor)],
  }));
  let at = 0;
  const cases: [Partial<Method<CommonOptions>>, string, RegExp][] = [
    [{ count: () => 7 }, counted, /^count says 7, its tensors have 170$/],
    [
      { parameters: (shape) => shape.linears.map(({ name, out }) => drawn(`${name}.v`, [out], () => at += 1e-9)) },
      start,
      /differs from time to time$/,
    ],
    [
      { parameters: (shape) => shape.linears.map(({ name, out }) => drawn(`${name}.v`, [out], () => 1)) },
      identity,
      /^features move by /,
    ],
    [
      {
        parameters: (shape) => [...names(shape), drawn("idle", [3], () => 0)],
        count: (shape) => method.count(shape, { learningRate: 1, epochs: 1 }) + 3,
      },
      changes,
      /^added-bias\/idle changes nothing$/,
    ],
    [
      { hooks: (parameters) => ({ linear: ({ name }, _x, y) => y.add(wrongSquare(parameters[`${name}.v`])) }) },
      gradient,
      /^the gradient of added-bias\/.* is .*, the loss differs by /,
    ],
    [
      {
        peft: {
          type: "OWN",
          config: () => ({}),
          options: () => ({}),
          layout: (shape) => ({
            shapes: Object.fromEntries(names(shape).map(({ name, shape }) => [name, shape])),
            tensors: (parameters) => parameters,
            parameters: (stored) => Object.fromEntries(Object.entries(stored).map(([key, x]) => [key, x.add(1)])),
          }),
        },
      },
      stored,
      /comes back with other values$/,
    ],
  ];
  for (const [changed, rule, detail] of cases) {
    const found = await broken(defineMethod({ ...method, ...changed }));
    assert.match(found[rule] ?? "", detail, rule);
  }
});

Deno.test("a task and a model that break a rule are told which, and by what", async () => {
  const pool = (await feedback.load()).pool!;
  const task: Task = { ...feedback, load: () => Promise.resolve({ pool }) };
  const tasks: [Task["load"], RegExp][] = [
    [() => Promise.resolve({ pool: [...pool, pool[0]] }), /pool has the id 2 twice/],
    [() => Promise.resolve({ pool: [{ ...pool[0], text: " " }, ...pool.slice(1)] }), /the text of pool\[0\] is empty/],
    [() => Promise.resolve({ pool: [{ ...pool[0], label: 2 }, ...pool.slice(1)] }), /the label of 2 is 2, of 2/],
    [() => Promise.resolve({ pool: pool.filter(({ label }) => label === 0) }), /no row has the label praise/],
    [() => Promise.resolve({ pool: pool.slice(0, 2) }), /there are too few/],
    [() => Promise.resolve({}), /it has neither a pool nor splits/],
    [() => Promise.reject(new Error("Cannot read it: never")), /Cannot read it: never/],
  ];
  for (const [load, detail] of tasks) {
    assert.match(Object.values(await broken(defineTask({ ...task, load }))).join("\n"), detail);
  }
  const backbone = await randomWords.open();
  const [site] = backbone.linears;
  const models: [Partial<Backbone>, RegExp][] = [
    [{ linears: [site, { ...site, name: "missing" }] }, /missing is not/],
    [
      { encode: async (text, limit) => [...await backbone.encode(text, limit), 4096] },
      /the token 4096 is none of 4096/,
    ],
    [{ stored: {} }, /embeddings is not stored/],
    [{ forward: (...args) => backbone.forward(...args).div(0) }, /some are not finite/],
  ];
  for (const [changed, detail] of models) {
    const model = defineModel({ ...randomWords, open: () => Promise.resolve({ ...backbone, ...changed }) });
    assert.match(Object.values(await broken(model)).join("\n"), detail);
  }
});
