/**
 * The device tensorflow, compared with the others. These tests run only where the variable TUNEBENCH_TFJS_NODE names
 * the folder of tfjs-node (`deno task test:tensorflow`).
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { js } from "../../../engine/devices/js.ts";
import { tensorflow } from "../../../engine/devices/tensorflow.ts";
import { tf } from "../../../engine/tensor.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { batchOf, combinations, tinyTrainable, trainingLosses } from "../../runs/training/tiny-training.ts";
import { assertClose } from "../compare.ts";

const ignore = !Deno.env.get("TUNEBENCH_TFJS_NODE");
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Asserts that losses agree to a relative tolerance. */
function assertLosses(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((loss, step) => {
    assert.ok(
      Math.abs(actual[step] - loss) <= tolerance * Math.abs(loss),
      `loss of step ${step + 1} is ${actual[step]}, expected ${loss}`,
    );
  });
}

for (const parts of combinations) {
  const name = parts.map(({ title }) => title).join(" + ");

  Deno.test({
    name: `gradients of ${name} on tensorflow agree with js`,
    ignore,
    async fn() {
      const model = await tinyTrainable(parts);
      const [actual, expected] = await Promise.all([tensorflow, js].map(async (device) => {
        const { program, signature } = model.loss;
        const executable = await device.compile(program, signature, { gradients: true, threads: 1 });
        const feed = await batchOf(model, executable);
        const outputs = await executable.run(feed);
        await executable.release();
        return { ...outputs, ...feed.gradients };
      }));
      assertClose(actual, expected, 1e-5, "loss and gradients", 1e-2);
    },
  });

  Deno.test({
    name: `losses of 20 steps of ${name} on tensorflow agree with cpu`,
    ignore,
    async fn() {
      const losses = await trainingLosses(tensorflow, parts);
      assert.equal(losses.length, 20);
      assertLosses(losses, await trainingLosses(cpu, parts), 1e-4);
    },
  });
}

Deno.test({
  name: "tensorflow leaves tfjs with the backend and the kernels that it had, and with no tensor",
  ignore,
  async fn() {
    const model = await tinyTrainable(combinations[0]);
    const { program, signature } = model.loss;
    tf.setBackend("cpu");
    const kernel = tf.getKernel("BatchMatMul", "cpu");
    const executable = await tensorflow.compile(program, signature, { gradients: true, threads: 1 });
    const { numTensors } = tf.memory();
    await executable.run(await batchOf(model, executable));
    assert.equal(tf.memory().numTensors, numTensors);
    await executable.release();
    assert.equal(tf.memory().numTensors, numTensors - Object.keys(signature.weights).length);
    assert.equal(tf.getBackend(), "cpu");
    assert.equal(tf.getKernel("BatchMatMul", "cpu"), kernel);
  },
});

Deno.test({
  name: "tensorflow refuses another number of threads than it was loaded with, in one sentence",
  ignore,
  async fn() {
    const { program, signature } = (await tinyTrainable(combinations[0])).loss;
    const compile = (threads: number) => tensorflow.compile(program, signature, { threads });
    await (await compile(1)).release();
    await assert.rejects(compile(2), /^Error: Cannot compute with 2 threads: .* current value is 1$/);
  },
});

Deno.test({
  name: "bench smoke on tensorflow gives the losses and predictions of cpu",
  ignore,
  async fn() {
    const out = await Deno.makeTempDir();
    try {
      const records: Record<string, RunRecord>[] = [];
      for (const device of ["cpu", "tensorflow"]) {
        const { success, stderr } = await new Deno.Command(Deno.execPath(), {
          // deno-fmt-ignore
          args: ["run", "--quiet", "-P=command", "cli/main.ts", "bench", "smoke",
            "--device", device, "--out", `${out}/${device}`],
          cwd: root,
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        const runs: Record<string, RunRecord> = {};
        for await (const { name } of Deno.readDir(`${out}/${device}/runs`)) {
          const record: RunRecord = JSON.parse(await Deno.readTextFile(`${out}/${device}/runs/${name}`));
          runs[record.spec.method.map((part) => part.name).join("+")] = record;
        }
        records.push(runs);
      }
      const [expected, actual] = records;
      assert.deepEqual(Object.keys(actual).sort(), ["linear-probe", "lora", "prompt-tuning"]);
      for (const [method, { curve, predictions }] of Object.entries(expected)) {
        assertLosses(actual[method].curve.stepLoss, curve.stepLoss, 1e-4);
        const labels = new Map(actual[method].predictions.map(({ id, predicted }) => [id, predicted]));
        const equal = predictions.filter(({ id, predicted }) => labels.get(id) === predicted).length;
        assert.ok(equal >= 0.995 * predictions.length, `${method}: ${equal} of ${predictions.length} predictions`);
        assert.equal(actual[method].environment.device.name, "tensorflow");
        assert.match(actual[method].environment.versions.tensorflow, /^2\./);
      }
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  },
});
