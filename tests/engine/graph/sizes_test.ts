import assert from "node:assert/strict";
import { allLabelled, evaluateShape } from "../../../engine/graph/dim.ts";
import type { Node } from "../../../engine/graph/graph.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import { sizesAsInputs } from "../../../engine/graph/sizes.ts";
import { tf } from "../../../engine/tensor.ts";
import type { Program, Signature } from "../../../engine/types.ts";
import { combinations, tinyTrainable } from "../../runs/training/tiny-training.ts";

const signature: Signature = {
  weights: {},
  parameters: {},
  inputs: {
    x: { shape: ["batch", "length", 4], dtype: "float32" },
    ids: { shape: ["batch"], dtype: "int32", below: 3 },
  },
};

Deno.test("no node of a method's graph computes sizes, and the sizes it takes as inputs are those of the values", async () => {
  for (const parts of combinations) {
    const model = await tinyTrainable(parts);
    for (const { program, signature } of [model.loss, model.logits]) {
      const { outputs, sizes } = sizesAsInputs(lower(program, signature, program === model.loss.program).outputs);
      const valuesOf = new Map(sizes.map(({ node, values }) => [node, values]));
      const { nodes } = orderExecution(outputs);
      const computed = nodes.filter(({ op, dtype }) => dtype === "int64" && op !== "input" && op !== "constant");
      assert.deepEqual(computed.map(({ op }) => op), []);
      for (const { op, inputs: [, target], shape } of nodes) {
        if (op !== "Reshape" && op !== "Expand" || target.op !== "input") continue;
        for (const call of [allLabelled(1, 1), { batch: 5, length: 2, labels: 3 }, allLabelled(4, 17)]) {
          assert.deepEqual(valuesOf.get(target)!(call), evaluateShape(shape, call));
        }
      }
    }
  }
});

Deno.test("numbers and ranges that depend on sizes become inputs of their type", () => {
  const program: Program = ({ inputs: { x, ids } }) => {
    const [batch, length] = x.shape as [number, number];
    return { scaled: x.mul(batch * length + 3), hot: tf.oneHot(ids, length).toFloat() };
  };
  const { outputs, sizes } = sizesAsInputs(lower(program, signature, false).outputs);
  const sizeInputs = orderExecution(outputs).nodes.filter(({ op, attributes }) =>
    op === "input" && String(attributes.name).startsWith("size/")
  );
  const valuesOf = (node: Node) => sizes.find((size) => size.node === node)!.values(allLabelled(3, 4));
  assert.deepEqual(sizeInputs.map((node) => [node.dtype, valuesOf(node)]), [["float32", [15]], ["int32", [
    0,
    1,
    2,
    3,
  ]]]);
});
