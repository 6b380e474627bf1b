import assert from "node:assert/strict";
import { methods } from "../../../methods/mod.ts";
import { parseOptions } from "../../../methods/shared/options.ts";
import { models } from "../../../models/mod.ts";
import { variant } from "../variants.ts";

const refused: [string, Record<string, unknown>, string][] = [
  ["prompt-tuning", { virtualTokens: 0 }, "virtualTokens must be at least 1, current value is 0"],
  ["prefix-tuning", { prefixLength: 0 }, "prefixLength must be at least 1, current value is 0"],
  ["lora", { rank: 0 }, "rank must be at least 1, current value is 0"],
  ["lora", { rank: 1.5 }, "rank must be a whole number, current value is 1.5"],
  ["lora", { rank: "8" }, 'rank must be a number, current value is "8"'],
  ["lora", { learningRate: -1 }, "learningRate must be greater than 0, current value is -1"],
  ["lora", { dropout: 1 }, "dropout must be less than 1, current value is 1"],
  ["lora", { targets: [] }, "targets must not be empty, current value is []"],
  ["full", { epochs: 0 }, "epochs must be at least 1, current value is 0"],
  ["p-tuning", { encoder: "gru" }, 'encoder must be one of mlp, lstm, current value is "gru"'],
  ["bitfit", { learningrate: 1 }, "there is no key learningrate, the nearest name is learningRate"],
  ["prompt-tuning", { start: "text" }, 'text must be given with start "text" and only then'],
  ["prompt-tuning", { text: "hello" }, 'text must be given with start "text" and only then'],
];

for (const [name, raw, message] of refused) {
  Deno.test(`${name} refuses ${JSON.stringify(raw)} in one sentence`, () => {
    assert.throws(() => parseOptions(methods[name], raw), { message: `Cannot use ${name}: ${message}` });
  });
}

for (const method of Object.values(methods)) {
  Deno.test(`${method.name} has defaults for all its options, and reads its own options unchanged`, () => {
    const options = parseOptions(method, {});
    assert.deepEqual(parseOptions(method, options), options);
    const { learningRate, epochs } = options;
    if (method.untrained) assert.deepEqual([learningRate, epochs], [undefined, undefined]);
    else assert(learningRate! > 0 && epochs! >= 1);
    assert(!Object.values(options).includes(undefined));
  });
}

Deno.test("prefix tuning starts its keys and values near zero, the rows of a reparameterised prefix at unit scale", () => {
  const std = (raw: Record<string, unknown>) => (parseOptions(methods["prefix-tuning"], raw) as { std?: number }).std;
  assert.deepEqual([std({}), std({ reparameterisation: 4 }), std({ std: 0.5 })], [0.02, 1, 0.5]);
});

Deno.test("LoRA refuses a target that the backbone does not have, and names the nearest", () => {
  const { method, options } = variant("lora", { targets: ["attention.qvk"] });
  assert.throws(() => method.parameters(models["use-lite"].shape, options), {
    message:
      "Cannot use lora: targets must be among attention.qkv, attention.output, residual, ffn.in, ffn.out, pooler, " +
      "current value is attention.qvk, the nearest is attention.qkv",
  });
});
