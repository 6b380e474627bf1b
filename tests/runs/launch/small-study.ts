/**
 * A study of one cell for tests of what studies name.
 * @module
 */
import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { Study } from "../../../runs/study/study.ts";

/** LoRA on one task with one seed, at the sizes of quick, with changes. */
export const study = (changes: Partial<Study> = {}): Study => ({
  ...presets.quick.study,
  tasks: ["sentiment/amazon"],
  methods: ["lora"],
  seeds: [0],
  ...changes,
});

/** Asserts that the study with these changes is wrong usage. */
export const refused = (changes: Partial<Study>, message: RegExp) =>
  assert.rejects(cellsOf(study(changes)), (error) => error instanceof UsageError && message.test(error.message));
