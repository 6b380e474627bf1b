/**
 * Reports of devices that compute on the processor.
 * @module
 */
import { createRequire } from "node:module";
import os from "node:os";
import type { DeviceReport } from "../types.ts";

/**
 * The report of a device on the processor.
 * @param packages the npm packages that it computes with
 */
export function inspectProcessor(
  provider: string,
  packages: readonly string[],
  limits: readonly string[],
): Promise<DeviceReport> {
  return Promise.resolve({
    unusable: null,
    provider,
    hardware: { value: os.cpus()[0]?.model ?? "unknown" },
    memoryBytes: { value: os.totalmem() },
    driver: { value: null, reason: "a processor has no driver" },
    precision: { value: "float32" },
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    limits,
  });
}

/** Version of an installed npm package. */
export function versionOf(name: string): string {
  return createRequire(import.meta.url)(`${name}/package.json`).version;
}
