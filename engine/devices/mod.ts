/**
 * The table of devices.
 * @module
 */
import { cpu } from "./cpu.ts";
import { cuda } from "./cuda.ts";
import { js } from "./js.ts";
import { tensorflow } from "./tensorflow.ts";
import type { Device } from "../types.ts";
import { webgpu } from "./webgpu.ts";

/** The name of a device. */
export type DeviceName = "cpu" | "webgpu" | "cuda" | "tensorflow" | "js";

/** The machines that run programs. */
export const devices: Record<DeviceName, Device> = { cpu, webgpu, cuda, tensorflow, js };
