/**
 * What a run leaves of its method: results/adapters/<id>/, in PEFT's form where PEFT has one.
 * @module
 */
import { type NamedArray, writeSafetensors } from "../../engine/safetensors.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { Adaptation } from "../../methods/compose.ts";
import { ADAPTER_NOTE, type AdapterNote } from "./note.ts";
import { writeFolder } from "../../base/files.ts";

/** The stored tensors. */
export const ADAPTER_TENSORS = "adapter_model.safetensors";
/** What PEFT says of them. */
export const ADAPTER_CONFIG = "adapter_config.json";
/** What they were made of, where they do not determine it: a prompt's encoder, a prefix's network. */
export const ENCODER_TENSORS = "encoder.safetensors";

/** What PEFT puts before the names of a classifier that an adapter trains: less where it has virtual tokens. */
export function wrapperOf(config: Record<string, unknown>): string {
  return Object.hasOwn(config, "num_virtual_tokens") ? "base_model." : "base_model.model.";
}

/** PEFT's key of a classifier's tensor; "head" is the project's own name for one linear map. */
export function headKey(config: Record<string, unknown> | null, name: string): string {
  return config ? wrapperOf(config) + name.replace(/^head\./, "classifier.") : name;
}

/** Whether PEFT keeps a classifier's tensor the other way round, [classes, d]. */
export function isTurned(config: Record<string, unknown> | null, name: string): boolean {
  return config !== null && name === "head.weight";
}

function storedHead(config: Record<string, unknown> | null, head: Tensors): Tensors {
  const named = Object.entries(head).map(([name, tensor]): [string, Tensor] => [
    headKey(config, name),
    isTurned(config, name) ? tf.transpose(tensor) : tensor,
  ]);
  return Object.fromEntries(named);
}

function arrays(tensors: Tensors): Record<string, NamedArray> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, {
      shape: tensor.shape,
      data: tensor.dataSync() as Float32Array,
    }]),
  );
}

async function writeSorted(path: string, fields: Record<string, unknown>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  await Deno.writeTextFile(path, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** What a folder says besides its tensors. */
export interface AdapterMetadata {
  /** Fields of PEFT's config that the task decides. */
  peft?: Record<string, unknown>;
  /** Where it comes from; the forms are those found here. Absent: there is no note. */
  note?: Omit<AdapterNote, "forms">;
}

/**
 * The part that holds the classifier, which PEFT loads last: the last one with virtual tokens, as these stand around a
 * model whose layers others have changed; else the last.
 */
function outermost({ stored }: Adaptation): string {
  const names = Object.keys(stored);
  return names.findLast((name) => stored[name].virtual) ?? names.at(-1)!;
}

/** What PEFT says of the backbone: its name, and of one on the hub, org/name, its commit. */
function baseModel(model: AdapterNote["model"] | undefined): Record<string, unknown> {
  const [name = null] = model?.name.split(/[@:]/) ?? [];
  return { base_model_name_or_path: name, revision: name?.includes("/") ? model!.revision : null };
}

/**
 * Writes a folder with adapter_model.safetensors and, where PEFT has a form for the method, adapter_config.json; where
 * the stored tensors are made of what is trained, this is in encoder.safetensors. Of joined methods each part has a
 * folder, one of them with the classifier; the note stands above them.
 * @param values every trained tensor
 * @param headNames which of them are the classifier's
 */
export async function writeAdapter(
  folder: string,
  adaptation: Adaptation,
  values: Record<string, NamedArray>,
  headNames: readonly string[],
  { peft, note }: AdapterMetadata = {},
): Promise<void> {
  tf.setBackend("cpu");
  const all = Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  const head = Object.fromEntries(headNames.map((name) => [name, all[name]]));
  const parts = Object.entries(adaptation.stored);
  const last = outermost(adaptation);
  const ofModel = baseModel(note?.model);
  await writeFolder(folder, async (draft) => {
    for (const [name, { config, tensors, encoder }] of parts) {
      const place = parts.length === 1 ? draft : `${draft}/${name}`;
      await Deno.mkdir(place, { recursive: true });
      const stored = { ...tensors(all), ...name === last && storedHead(config, head) };
      await writeSafetensors(`${place}/${ADAPTER_TENSORS}`, arrays(stored));
      if (encoder) await writeSafetensors(`${place}/${ENCODER_TENSORS}`, arrays(encoder(all)));
      if (!config) continue;
      const ofTask = name === last ? peft : { task_type: null, modules_to_save: null };
      await writeSorted(`${place}/${ADAPTER_CONFIG}`, { ...config, ...ofTask, ...ofModel });
    }
    if (!note) return;
    const forms = parts.map(([, { config }]) => config ? "peft" : "tunebench");
    await Deno.writeTextFile(`${draft}/${ADAPTER_NOTE}`, `${JSON.stringify({ ...note, forms }, null, 2)}\n`);
  });
  tf.dispose(all);
}
