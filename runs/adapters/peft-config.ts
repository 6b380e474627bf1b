/**
 * PEFT's adapter_config.json of an adapter's folder: which method it is of, with which options.
 * @module
 */
import { shorten, showValue } from "../../base/errors.ts";
import { readObject } from "../../base/files.ts";
import type { Part } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { storedForm } from "../../methods/adaptation/stored-form.ts";
import type { Method, PeftConfig } from "../../methods/types.ts";
import type { BackboneShape, Head } from "../../models/types.ts";
import { canonical } from "../study/spec.ts";
import { ADAPTER_NOTE } from "./note.ts";

/** Name of the file. */
export const ADAPTER_CONFIG = "adapter_config.json";

/** Bytes of the longest config that is read. */
const LONGEST = 1 << 20;

/** PEFT's names of the kinds of task that TuneBench has; null in the inner one of joined methods. */
const TASK_TYPES = [null, "SEQ_CLS", "CAUSAL_LM", "SEQ_2_SEQ_LM", "FEATURE_EXTRACTION"];

/** Fields that the task and the model decide, not the method. */
const NOT_OF_THE_METHOD = ["modules_to_save", "task_type", "base_model_name_or_path", "revision", "peft_version"];

/**
 * The config in an adapter's folder.
 * @throws {Error} if it is missing, too long or no JSON object
 */
export async function readPeftConfig(folder: string): Promise<PeftConfig> {
  const path = `${folder}/${ADAPTER_CONFIG}`;
  return { path, values: await readObject(path, LONGEST) };
}

/** Names by which `modules_to_save` may call a classifier or its modules. */
function moduleNames(head: Head): string[] {
  const paths = head.parameters(2).flatMap(({ name }) => {
    const modules = name.split(".").slice(0, -1);
    return modules.map((_, at) => modules.slice(0, at + 1).join("."));
  });
  return [...new Set(["classifier", "score", ...paths])];
}

/**
 * Checks the fields that are the same for every method.
 * @throws {Error} if the config is of a kind of task that TuneBench does not have, or trains other modules than a classifier
 */
export function requireKnownTask({ path, values }: PeftConfig, head: Head): void {
  const { task_type: task = null, modules_to_save: modules } = values;
  if (!TASK_TYPES.includes(task as string | null)) {
    throw new Error(
      `Cannot read ${path}: task_type must be one of ${TASK_TYPES.filter(Boolean).join(", ")}, current value is ${
        showValue(task)
      }`,
    );
  }
  const known = moduleNames(head);
  const unknown = [modules ?? []].flat().find((name) => !known.includes(name as string));
  if (unknown === undefined) return;
  throw new Error(
    `Cannot read ${path}: modules_to_save must be among ${known.join(", ")}, current value is ${showValue(unknown)}`,
  );
}

/** The method that a config is of. @throws {Error} if there is no such method */
export function methodOf({ path, values }: PeftConfig): Method {
  const known = Object.values(methods).filter(({ peft }) => peft);
  const method = known.find(({ peft }) => peft!.type === values.peft_type);
  if (method) return method;
  throw new Error(
    `Cannot read ${path}: peft_type must be one of ${known.map(({ peft }) => peft!.type).join(", ")}, ` +
      `current value is ${showValue(values.peft_type)}`,
  );
}

/**
 * Checks a config against the folder's note.
 * @param part the method that the note describes
 * @throws {Error} if a field has another value than the one that follows from the note
 */
export function requireAgreement({ method, options }: Part, shape: BackboneShape, { path, values }: PeftConfig): void {
  const { config } = storedForm(method, shape, options);
  for (const [key, value] of Object.entries(config ?? {})) {
    if (NOT_OF_THE_METHOD.includes(key)) continue;
    const [expected, current] = [value, values[key]].map((side) =>
      canonical(Array.isArray(side) ? side.toSorted() : side ?? null)
    );
    if (current === expected) continue;
    throw new Error(
      `Cannot read ${path}: ${key} must be ${expected}, as ${ADAPTER_NOTE} says, current value is ${shorten(current)}`,
    );
  }
}
