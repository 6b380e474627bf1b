/**
 * Folders with the golden BERT, whole or with something changed.
 * @module
 */
import { readStored } from "../../../engine/safetensors.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Backbone } from "../../../models/types.ts";
import type { Files } from "../../in-folder.ts";
import { type AnyTensor, goldenConfig, goldenTensors, makeFolder, safetensors } from "./copies.ts";

/** The config.json of the golden BERT. */
export const config: Record<string, unknown> = await goldenConfig();
/** The tensors of the golden BERT. */
export const tensors: Record<string, AnyTensor> = await goldenTensors();
/** A vocabulary of six pieces. */
export const vocab: string = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat"].join("\n");
/** The files of a whole model: the golden BERT with that vocabulary. */
export const whole = { "config.json": config, "model.safetensors": safetensors(tensors), "vocab.txt": vocab };

/** Opens the model of a folder with these files. */
export async function open(files: Files, name?: string): Promise<Backbone> {
  return await (await findFolder(await makeFolder(files, name))).open();
}

/** The values of each weight of a backbone. */
export async function valuesOf(backbone: Backbone): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const [name, stored] of Object.entries(backbone.stored)) values[name] = [...await readStored(stored)];
  return values;
}

/** The tensors of the golden BERT under other names; those whose new name is null are left out. */
export function renamed(rename: (name: string) => string | null): Record<string, AnyTensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) => {
      const other = rename(name);
      return other === null ? [] : [[other, tensor] as const];
    }),
  );
}

/** The files of the model with weights in two shards. @param change changes the index: tensor → shard */
export function sharded(change: (map: Record<string, string>) => void = () => {}): Files {
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const map = Object.fromEntries(Object.keys(tensors).map((name, at) => [name, names[at % 2]]));
  const shards = names.map((file) =>
    [file, safetensors(renamed((name) => (map[name] === file ? name : null)))] as const
  );
  const index = { metadata: {}, weight_map: { ...map } };
  change(index.weight_map);
  return {
    "config.json": config,
    "vocab.txt": vocab,
    "model.safetensors.index.json": index,
    ...Object.fromEntries(shards),
  };
}

/** The tensors of the golden BERT in another type. */
export function converted(dtype: "F16" | "BF16"): Record<string, AnyTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, bytes }]) => {
      const values = new Float32Array(bytes.buffer);
      // A bfloat16 is the upper half of a float32.
      const other = dtype === "F16"
        ? new Float16Array(values)
        : Uint16Array.from(new Uint32Array(bytes.buffer), (bits) => bits >>> 16);
      return [name, { dtype, shape, bytes: new Uint8Array(other.buffer as ArrayBuffer) }];
    }),
  );
}
