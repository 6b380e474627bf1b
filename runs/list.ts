/**
 * What a study may name.
 * @module
 */
import { devices } from "../engine/mod.ts";
import { methods } from "../methods/mod.ts";
import { models } from "../models/mod.ts";
import { tasks } from "../tasks/mod.ts";
import { presets } from "./presets.ts";

/** An entry of a table. */
export interface Listed {
  /** Its name. */
  name: string;
  /** One line on it. */
  description: string;
  /** What else is known of it. */
  [key: string]: unknown;
}

/** Every table of names, as plain values. */
export const listings: Record<"models" | "methods" | "tasks" | "presets" | "devices", () => Listed[]> = {
  models: () =>
    Object.values(models).map(({ name, description, revision, licence, citation }) => (
      { name, description, revision, licence, citation }
    )),
  methods: () =>
    Object.values(methods).map(({ name, description, paper, identityAtStart, options }) => (
      { name, description, paper, identityAtStart, defaults: options.parse({}) }
    )),
  tasks: () => Object.values(tasks).map(({ load: _, ...rest }) => rest),
  presets: () => Object.entries(presets).map(([name, preset]) => ({ name, ...preset })),
  devices: () => Object.values(devices).map(({ name, description }) => ({ name, description })),
};
