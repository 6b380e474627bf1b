/**
 * The table of devices.
 * @module
 */
import { cpu } from "./cpu.ts";
import { js } from "./js.ts";
import { tensorflow } from "./tensorflow.ts";
import type { Device } from "./types.ts";

/** The name of a device. */
export type DeviceName = "cpu" | "tensorflow" | "js";

/** The machines that run programs. */
export const devices: Record<DeviceName, Device> = { cpu, tensorflow, js };
