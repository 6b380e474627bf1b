/**
 * Inspects devices in worker processes, as this process must not load their libraries.
 * @module
 */
import type { DeviceReport } from "../../engine/types.ts";
import { runWorker, workerEntry } from "./worker-process.ts";

/**
 * What is known of a device, found out in a process of its own. A device whose library ends that process is reported as
 * unusable.
 */
export async function inspectDevice(device: string, worker: URL = workerEntry): Promise<DeviceReport> {
  let report: DeviceReport | undefined;
  const { reason } = await runWorker({ mode: "inspect", device }, worker, new AbortController().signal, (message) => {
    if (message.type === "inspected") report = message.report;
  });
  const unknown = { value: null, reason: "it could not be looked at" };
  return report ?? {
    unusable: `Its libraries end the process: ${reason ?? "the worker said nothing"}`,
    provider: "unknown",
    hardware: unknown,
    memoryBytes: unknown,
    driver: unknown,
    precision: unknown,
    versions: {},
    limits: [],
  };
}

/**
 * Makes sure that a device can be used here.
 * @throws {Error} one sentence on why it cannot
 */
export async function requireDevice(device: string, worker: URL = workerEntry): Promise<void> {
  const { unusable } = await inspectDevice(device, worker);
  if (unusable !== null) throw new Error(`Cannot use device ${device}: ${unusable}`);
}
