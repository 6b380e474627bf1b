/**
 * The names that a study may use, with what is known of each.
 * @module
 */
import { devices } from "../../engine/devices/mod.ts";
import type { DeviceReport, Known } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import { models } from "../../models/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { inspectDevice } from "../../runs/launch/inspect-device.ts";
import { type Listed, listMethod, listModel, listTask } from "../../runs/plugins/provided.ts";
import { presets } from "../../runs/study/presets.ts";

/** Every table of names, as plain values. */
export const listings: Record<"models" | "methods" | "tasks" | "presets" | "devices", () => Listed[]> = {
  models: () => Object.values(models).map(listModel),
  methods: () => Object.values(methods).map(listMethod),
  tasks: () => Object.values(tasks).map(listTask),
  presets: () => Object.entries(presets).map(([name, preset]) => ({ name, ...preset })),
  devices: () => Object.values(devices).map(({ name, description }) => ({ name, description })),
};

/** The devices with what is known of them on this machine. */
export function listDevices(): Promise<(Listed & { report: DeviceReport })[]> {
  return Promise.all(
    Object.values(devices).map(async ({ name, description }) => (
      { name, description, report: await inspectDevice(name) }
    )),
  );
}

/** A device's report as lines for a terminal. */
export function describeDevice(report: DeviceReport): string[] {
  const describeKnown = <T extends string | number>(known: Known<T>, text: (value: T) => string = String) =>
    "reason" in known ? `unknown (${known.reason})` : text(known.value);
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return [
    report.unusable === null ? "usable" : `not usable: ${report.unusable}`,
    `provider: ${report.provider}${versions && ` (${versions})`}`,
    `hardware: ${describeKnown(report.hardware)}`,
    `memory: ${describeKnown(report.memoryBytes, (bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`)}`,
    `driver: ${describeKnown(report.driver)}`,
    `precision: ${describeKnown(report.precision)}`,
    ...report.limits.map((limit) => `limit: ${limit}`),
  ];
}
