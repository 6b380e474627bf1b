/**
 * Writes the folder of an adapter, results/adapters/<id>/, in PEFT's form where PEFT has one.
 * @module
 */
import { writeFolder } from "../../base/write-files.ts";
import { type NamedArray, writeSafetensors } from "../../engine/safetensors.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import { headKey, isTransposed } from "./classifier-keys.ts";
import { ADAPTER_NOTE, type AdapterNote } from "./note.ts";
import { ADAPTER_CONFIG } from "./peft-config.ts";
import { toArrays, toTensors } from "./tensors.ts";

/** Name of the file with the stored tensors. */
export const ADAPTER_TENSORS = "adapter_model.safetensors";
/** Name of the file with the parameters that an encoder computes the stored tensors from, to resume training. */
export const ENCODER_TENSORS = "encoder.safetensors";

/** The tensors of a classifier as the file holds them. */
function storedHead(config: Record<string, unknown> | null, head: Tensors): Tensors {
  const named = Object.entries(head).map(([name, tensor]): [string, Tensor] => [
    headKey(config, name),
    isTransposed(config, name) ? tf.transpose(tensor) : tensor,
  ]);
  return Object.fromEntries(named);
}

/** Writes a JSON object with sorted keys. */
async function writeSorted(path: string, fields: Record<string, unknown>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  await Deno.writeTextFile(path, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** What the folder of an adapter says besides its tensors and methods. */
export interface AdapterMetadata {
  /** Fields of PEFT's config that depend on the task. */
  peft?: Record<string, unknown>;
  /** Its note, without the forms, which follow from the methods. Absent: no note is written. */
  note?: Omit<AdapterNote, "forms">;
}

/**
 * The name of the part whose folder holds the classifier: the one that PEFT loads last. This is the last part with virtual
 * tokens, as PEFT puts these around a model whose layers the others have changed; without virtual tokens the last part.
 */
function lastLoaded({ stored }: Adaptation): string {
  const names = Object.keys(stored);
  return names.findLast((name) => stored[name].virtual) ?? names.at(-1)!;
}

/** The fields of PEFT's config about the backbone: its name, and if it is on the hub (org/name) its commit. */
function baseModelFields(model: AdapterNote["model"] | undefined): Record<string, unknown> {
  const [name = null] = model?.name.split(/[@:]/) ?? [];
  return { base_model_name_or_path: name, revision: name?.includes("/") ? model!.revision : null };
}

/**
 * Writes the folder of an adapter: adapter_model.safetensors; adapter_config.json if PEFT has a form for the method;
 * encoder.safetensors if an encoder computes the stored tensors; the note. Joined methods have a folder each, one of them
 * with the classifier, and the note stands above them.
 * @param values every trained tensor
 * @param headNames which of them are the classifier's
 * @throws {Error} if files cannot be written
 */
export async function writeAdapter(
  folder: string,
  adaptation: Adaptation,
  values: Record<string, NamedArray>,
  headNames: readonly string[],
  { peft, note }: AdapterMetadata = {},
): Promise<void> {
  const all = toTensors(values);
  const head = Object.fromEntries(headNames.map((name) => [name, all[name]]));
  const parts = Object.entries(adaptation.stored);
  const last = lastLoaded(adaptation);
  const modelFields = baseModelFields(note?.model);
  await writeFolder(folder, async (draft) => {
    for (const [name, { config, tensors, encoder }] of parts) {
      const place = parts.length === 1 ? draft : `${draft}/${name}`;
      await Deno.mkdir(place, { recursive: true });
      const stored = { ...tensors(all), ...name === last && storedHead(config, head) };
      await writeSafetensors(`${place}/${ADAPTER_TENSORS}`, toArrays(stored));
      if (encoder) await writeSafetensors(`${place}/${ENCODER_TENSORS}`, toArrays(encoder(all)));
      if (!config) continue;
      const taskFields = name === last ? peft : { task_type: null, modules_to_save: null };
      await writeSorted(`${place}/${ADAPTER_CONFIG}`, { ...config, ...taskFields, ...modelFields });
    }
    if (!note) return;
    const forms = parts.map(([, { config }]) => config ? "peft" : "tunebench");
    await Deno.writeTextFile(`${draft}/${ADAPTER_NOTE}`, `${JSON.stringify({ ...note, forms }, null, 2)}\n`);
  });
  tf.dispose(all);
}
