import assert from "node:assert/strict";
import { z } from "zod";
import { lower } from "../../../engine/graph/lower.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { commonOptions } from "../../../methods/shared/options.ts";
import { drawn } from "../../../methods/shared/parameter.ts";
import type { Method } from "../../../methods/types.ts";
import type { Hooks } from "../../../models/types.ts";
import { trainableClassifier } from "../../../runs/programs/classifier.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";
import { variant } from "../variants.ts";

const backbone = await tinyBackbone(5);

/** A method of one trained number that every linear map's output is multiplied by, and of hooks of its own. */
function scaling(hooksOf: (scaled: Hooks) => Hooks): Method {
  return {
    name: "scaling",
    description: "",
    paper: "",
    options: z.strictObject(commonOptions(1e-2)),
    parameters: () => [drawn("v", [], () => 1)],
    trains: () => [],
    count: () => 1,
    identityAtStart: false,
    hooks: ({ v }) => hooksOf({ linear: (_, _x, y) => y.mul(v) }),
  };
}

function trace(hooksOf: (scaled: Hooks) => Hooks): void {
  const method = scaling(hooksOf);
  // Another method beside it, whose hooks are not to blame.
  const adaptation = compose([variant("lora"), { method, options: method.options.parse({}) }], backbone);
  const { loss: { program, signature } } = trainableClassifier(backbone, adaptation, ["a", "b"], 1e-3);
  lower(program, signature, true);
}

const rows = (make: (width: number) => Tensor): (scaled: Hooks) => Hooks => (scaled) => ({
  ...scaled,
  layer: (_, x) => x.add(make(x.shape[1]!)),
});

const refused: Record<string, (scaled: Hooks) => Hooks> = {
  "a random tensor in a hook": rows((width) => tf.randomNormal([width], 0, 1, "float32", 7)),
  "a list in a hook": rows((width) => tf.tensor1d(Array.from({ length: width }, (_, at) => at))),
  "an identity matrix": rows((width) => tf.eye(width).sum(0)),
  "a random tensor beside the hooks": (scaled) => {
    const noise = tf.randomUniform([3, backbone.embeddingWidth], 0, 1, "float32", 7);
    return { ...scaled, prompt: () => noise };
  },
};

for (const [what, hooksOf] of Object.entries(refused)) {
  Deno.test(`a method that keeps ${what} as a constant is refused by name`, () => {
    assert.throws(() => trace(hooksOf), {
      message: /^Cannot use the method scaling: its hooks must make no tensor .* frozen, its shape is \[[\d,]+\]$/,
    });
  });
}

Deno.test("hooks may make tensors of one value throughout, and the model's own constants are not theirs", () => {
  trace(rows((width) => tf.zeros([width]).add(tf.ones([width])).mul(tf.fill([width], 0.5)).mul(tf.scalar(2))));
});
