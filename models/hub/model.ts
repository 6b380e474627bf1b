/**
 * Models on the hub.
 * @module
 */
import { dirname, join } from "node:path";
import { sha256File } from "../../base/files.ts";
import { filesIn } from "../file-source.ts";
import { identify, modelFiles } from "../folder/model-files.ts";
import { type FetchedSnapshot, type FetchOptions, openSnapshot, type Selection } from "./snapshot.ts";
import { formatHubName, HubRefusal, parseHubName } from "./name.ts";
import type { Model } from "../types.ts";

export type { FetchOptions };

const CARD = "README.md";
const SETTINGS = "tokenizer_config.json";

/** Files that a model is read from: transformers' where there are such, else GGUF. */
function selectModel(file: string | undefined): Selection {
  return {
    key: file ?? "",
    ...file?.includes("/") && { folder: dirname(file) },
    async choose(source, isAbsent) {
      const names = await source.names();
      const card = names.includes(CARD) ? [CARD] : [];
      if (file !== undefined) {
        if (await source.has(file)) return [file, ...card];
        throw new Error(`Cannot use ${source.label}: it has no file ${file}`);
      }
      const models = names.filter((name) => name.endsWith(".gguf"));
      // Where not all files are known, there may be weights in another form.
      const others = isAbsent || names.some((name) => /^(model\.safetensors|pytorch_model\.bin)/.test(name));
      if (models.length > 0 && !others) {
        if (models.length === 1) return [...models, ...card];
        throw new Error(
          `Cannot use ${source.label}: it has ${models.length} models, the name must say which, as in ` +
            `${source.label}:${models[0]}`,
        );
      }
      if (!await source.has("config.json")) throw new Error(`Cannot use ${source.label}: there is no config.json`);
      const chosen = await modelFiles(source);
      // Their programs fetch file by file: weights may be there without the tokenizer.
      if (isAbsent && !(chosen.includes(SETTINGS) || await isAbsent(SETTINGS) && chosen.length > 2)) {
        throw new Error(`Cannot use ${source.label}: its tokenizer is missing`);
      }
      return [...chosen, ...card];
    },
  };
}

/**
 * The files of a model on the hub.
 * @throws {HubRefusal} if the name is none, or if the hub has no such model that can be used
 * @throws {Error} if it cannot be fetched
 */
export function openModelFiles(name: string, options?: FetchOptions): Promise<FetchedSnapshot> {
  const { repository, revision = "main", file } = parseHubName(name);
  return openSnapshot({ kind: "model", name: repository }, revision, selectModel(file), options);
}

/** The path that a model is read from: the folder, or its only GGUF file. */
function pathOf({ folder, files }: FetchedSnapshot): string {
  const gguf = Object.keys(files).find((name) => name.endsWith(".gguf"));
  return gguf === undefined ? folder : join(folder, gguf);
}

/** Whether the content is what it must be. Weights are read once more for a GGUF file alone. */
async function isSound({ folder, files }: FetchedSnapshot, revision: string): Promise<boolean> {
  const gguf = Object.keys(files).find((name) => name.endsWith(".gguf"));
  if (gguf !== undefined) return await sha256File(join(folder, gguf)) === files[gguf].sha256;
  const names = await modelFiles(filesIn(folder));
  return await identify(names, (name) => files[name]?.sha256 ?? "absent") === revision;
}

/**
 * The model of a name on the hub; its revision is the commit.
 * @param read the model of a folder or file
 * @throws {HubRefusal} if the name is none, or if the hub has no such model that can be used
 * @throws {Error} if it cannot be fetched, or if its files have changed since
 */
export async function readHubModel(
  name: string,
  read: (path: string) => Promise<Model>,
  options?: FetchOptions,
): Promise<Model> {
  const snapshot = await openModelFiles(name, options);
  const { commit: revision, folder } = snapshot;
  const { revision: _, ...asked } = parseHubName(name);
  const model = await read(pathOf(snapshot)).catch((error) => {
    throw new HubRefusal(error.message);
  });
  if (!await isSound(snapshot, model.revision)) {
    const fixed = formatHubName({ ...asked, revision });
    throw new Error(
      `Cannot use ${fixed}: its files in ${folder} have changed since they were fetched; ` +
        `deno task fetch ${fixed} fetches them again`,
    );
  }
  return {
    ...model,
    name: formatHubName(asked),
    description: `${model.description.replace(/ from a folder$/, "")} from the hub`,
    revision,
  };
}
