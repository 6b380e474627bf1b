/**
 * Devices that misbehave where LoRA is trained, and a worker that knows them.
 * @module
 */
import "../../../runs/training/memory.ts";
import { devices } from "../../../engine/devices/mod.ts";
import type { Device, Training } from "../../../engine/types.ts";
import { estimateCell } from "../../../runs/training/estimates/estimate-cell.ts";
import { runCell, runTrial } from "../../../runs/training/run-cell.ts";
import { runJob } from "../../../runs/launch/run-job.ts";

const { cpu } = devices;

/** The processor, with another way to train LoRA. */
function breaking(name: string, change: (training: Training) => Partial<Training>): Device {
  return {
    ...cpu,
    name,
    async train(program, signature, parameters, options) {
      const training = await cpu.train(program, signature, parameters, options);
      const lora = parameters.some((parameter) => parameter.name.startsWith("lora/"));
      return lora ? { ...training, ...change(training) } : training;
    },
  };
}

let calls = 0;

/** By what goes wrong. */
export const fakeDevices: Record<string, Device> = {
  lost: breaking("lost", (training) => ({
    accumulate: (inputs) =>
      ++calls < 3 ? training.accumulate(inputs) : Promise.reject(new Error("Device is lost: the driver was reset")),
  })),
  full: breaking("full", () => ({
    write: () => Promise.reject(new Error("Out of device memory: 12 MB could not be allocated")),
  })),
  nan: breaking("nan", (training) => ({
    accumulate: async (inputs) => ({ ...await training.accumulate(inputs), loss: Float32Array.of(NaN) }),
  })),
  // The losses are right, what is read back is not.
  garbled: breaking("garbled", (training) => ({
    read: async () =>
      Object.fromEntries(Object.entries(await training.read()).map(([name, values]) => [name, values.map(() => NaN)])),
  })),
  absent: {
    ...cpu,
    name: "absent",
    inspect: async () => ({ ...await cpu.inspect(), unusable: "No adapter was found; install its driver." }),
  },
  fatal: { ...cpu, name: "fatal", inspect: () => Deno.exit(9) },
};

Object.assign(devices, fakeDevices);

if (import.meta.main) await runJob({ runCell, runTrial, estimateCell });
