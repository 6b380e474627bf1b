/**
 * The same training on every device that can be used here.
 * @module
 */
import { devices } from "../../engine/devices/mod.ts";
import { methods } from "../../methods/mod.ts";
import { inspectDevice } from "../../runs/launch/inspect-device.ts";
import type { ModelSizes } from "../cases.ts";
import { askOnce } from "../processes/alternate.ts";
import { startTraining } from "../processes/start.ts";
import { withFiles } from "../processes/with-files.ts";
import type { TrainingRound } from "../programs/requests.ts";
import { type Report, type Row, table } from "./report.ts";

/** Small enough for a GPU that is emulated in software. */
const TINY: ModelSizes = { vocabulary: 200, layers: 2, hidden: 32, heads: 4, feedForward: 64 };
const TEXTS = { count: 8, length: 12 };
const STEPS = 20;
/** Large enough that a wrong gradient shows in the losses. */
const LEARNING_RATE = 0.01;
/** Greatest allowed difference of a loss from that on `cpu`, as a share of it. */
const TOLERANCE = 1e-4;

/** Every method that trains in the backbone, and the presets' compositions. */
function methodNames(): string[] {
  const alone = Object.keys(methods).filter((name) => name !== "linear-probe" && !methods[name].untrained);
  return [...alone, "lora+prompt-tuning", "lora+prefix-tuning"];
}

async function lossesOn(device: string, folder: string, method: string): Promise<number[]> {
  const options = { device, batchSize: TEXTS.count, epochs: STEPS, learningRate: LEARNING_RATE };
  const process = startTraining(folder, method, { ...options, precision: "float32" });
  return (await askOnce<TrainingRound>(process, String(STEPS))).losses;
}

/** Names of the devices besides `cpu` that can be used here, and why the others cannot, as list items. */
async function inspectDevices(): Promise<{ usable: string[]; unusable: string[] }> {
  const usable: string[] = [];
  const unusable: string[] = [];
  for (const name of Object.keys(devices).filter((name) => name !== "cpu")) {
    const report = await inspectDevice(name);
    if (report.unusable === null) usable.push(name);
    else unusable.push(`- ${name} could not be used: ${report.unusable}`);
  }
  return { usable, unusable };
}

/** Compares the losses of each method's first steps on every device with those on `cpu`. */
export async function measureDevices(): Promise<Report> {
  const { usable, unusable } = await inspectDevices();
  const names = methodNames();
  const rows: Row[] = [];
  const violations: string[] = [];
  await withFiles({ sizes: TINY, methods: names, texts: TEXTS }, async (folder) => {
    for (const method of names) {
      const expected = await lossesOn("cpu", folder, method);
      const row: Row = { method, "first loss": expected[0].toFixed(4), "last loss": expected.at(-1)!.toFixed(4) };
      for (const device of usable) {
        const losses = await lossesOn(device, folder, method);
        const worst = Math.max(...losses.map((loss, step) => Math.abs(loss / expected[step] - 1)));
        row[device] = worst.toExponential(0);
        // Written so that a loss of NaN is a violation too.
        if (!(worst <= TOLERANCE)) {
          violations.push(
            `Cannot trust ${device}: losses of ${method} must agree with those on cpu within ${TOLERANCE}, the ` +
              `greatest difference is ${worst.toExponential(1)}`,
          );
        }
      }
      rows.push(row);
    }
  });
  const heading = `Losses of the first ${STEPS} steps of a small BERT (${TINY.layers} layers of ${TINY.hidden}, step ` +
    `size ${LEARNING_RATE}) on cpu, and the greatest difference from them on the other devices, as a share of the loss.`;
  return { text: [heading, "", table(rows), "", ...unusable].join("\n").trimEnd(), violations };
}
