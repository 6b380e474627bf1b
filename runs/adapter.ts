/**
 * What a run leaves of its method: results/adapters/<id>/, in PEFT's form where PEFT has one.
 * @module
 */
import { type NamedArray, writeSafetensors } from "../engine/safetensors.ts";
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { Adaptation } from "../methods/compose.ts";
import { writeFolder } from "./write.ts";

/** What PEFT puts before the names of a classifier that an adapter trains: less where it has virtual tokens. */
export function wrapperOf(config: Record<string, unknown>): string {
  return Object.hasOwn(config, "num_virtual_tokens") ? "base_model." : "base_model.model.";
}

/** The classifier under PEFT's names, matrices as PyTorch keeps them. */
function storedHead(config: Record<string, unknown> | null, head: Tensors): Tensors {
  const named = Object.entries(head).map(([name, tensor]): [string, Tensor] => {
    if (name === "head.weight") return [config ? "classifier.weight" : name, tf.transpose(tensor)];
    return [config ? name.replace(/^head\./, "classifier.") : name, tensor];
  });
  return Object.fromEntries(named.map(([name, tensor]) => [config ? wrapperOf(config) + name : name, tensor]));
}

function arrays(tensors: Tensors): Record<string, NamedArray> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, {
      shape: tensor.shape,
      data: tensor.dataSync() as Float32Array,
    }]),
  );
}

/**
 * Writes a folder with adapter_model.safetensors and, where PEFT has a form for the method, adapter_config.json. The
 * classifier is stored with the last part, weight [classes, d]. Of joined methods, each part has a folder.
 * @param values every trained tensor
 * @param headNames which of them are the classifier's
 * @param fields of PEFT's config that the task decides
 */
export async function writeAdapter(
  folder: string,
  adaptation: Adaptation,
  values: Record<string, NamedArray>,
  headNames: readonly string[],
  fields: Record<string, unknown> = {},
): Promise<void> {
  tf.setBackend("cpu");
  const all = Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  const parts = Object.entries(adaptation.stored);
  await writeFolder(folder, async (draft) => {
    for (const [at, [name, form]] of parts.entries()) {
      const place = parts.length === 1 ? draft : `${draft}/${name}`;
      await Deno.mkdir(place, { recursive: true });
      const head = Object.fromEntries(headNames.map((name) => [name, all[name]]));
      const tensors = at < parts.length - 1
        ? form.tensors(all)
        : { ...form.tensors(all), ...storedHead(form.config, head) };
      await writeSafetensors(`${place}/adapter_model.safetensors`, arrays(tensors));
      if (!form.config) continue;
      const sorted = Object.fromEntries(
        Object.entries({ ...form.config, ...fields }).sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      await Deno.writeTextFile(`${place}/adapter_config.json`, `${JSON.stringify(sorted, null, 2)}\n`);
    }
  });
  tf.dispose(all);
}
