/**
 * What a run leaves of its method: results/adapters/<id>/, in PEFT's form where PEFT has one.
 * @module
 */
import { type NamedArray, writeSafetensors } from "../engine/safetensors.ts";
import { type Tensors, tf } from "../engine/tensor.ts";
import type { Adaptation } from "../methods/compose.ts";
import { writeFolder } from "./write.ts";

/** Names under which PEFT stores a classifier that a method of this type trains. */
function headNames(config: Record<string, unknown> | null): { weight: string; bias: string } {
  if (config === null) return { weight: "head.weight", bias: "head.bias" };
  const wrapper = config.peft_type === "LORA" || config.peft_type === "IA3" ? "base_model.model" : "base_model";
  return { weight: `${wrapper}.classifier.weight`, bias: `${wrapper}.classifier.bias` };
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
 * @param values every trained tensor, the classifier's "head.weight" and "head.bias" among them
 */
export async function writeAdapter(
  folder: string,
  adaptation: Adaptation,
  values: Record<string, NamedArray>,
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
      const head = headNames(form.config);
      const tensors = at < parts.length - 1 ? form.tensors(all) : {
        ...form.tensors(all),
        [head.weight]: tf.transpose(all["head.weight"]),
        [head.bias]: all["head.bias"],
      };
      await writeSafetensors(`${place}/adapter_model.safetensors`, arrays(tensors));
      if (!form.config) continue;
      const sorted = Object.fromEntries(Object.entries(form.config).sort(([a], [b]) => (a < b ? -1 : 1)));
      await Deno.writeTextFile(`${place}/adapter_config.json`, `${JSON.stringify(sorted, null, 2)}\n`);
    }
  });
  tf.dispose(all);
}
