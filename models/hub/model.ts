/**
 * Models on the hub.
 * @module
 */
import { dirname, join } from "node:path";
import { sha256File } from "../../base/files.ts";
import { filesIn } from "../file-source.ts";
import { identify, modelFiles } from "../folder/model-files.ts";
import { formatHubName, HubRefusal, parseHubName } from "./name.ts";
import type { FetchedSnapshot, Selection } from "./fetch-files.ts";
import { type FetchOptions, openSnapshot } from "./snapshot.ts";
import type { Model } from "../types.ts";

export type { FetchOptions };

const CARD = "README.md";
const SETTINGS = "tokenizer_config.json";

/** The files that a model is read from: those of transformers if there are any, else GGUF. */
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
      // If the source may lack files, the repository may have weights in safetensors.
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
      // Hugging Face's programs fetch file by file: weights may be there before the tokenizer.
      if (isAbsent && !(chosen.includes(SETTINGS) || await isAbsent(SETTINGS) && chosen.length > 2)) {
        throw new Error(`Cannot use ${source.label}: its tokenizer is missing`);
      }
      return [...chosen, ...card];
    },
  };
}

/**
 * The files of a model on the hub.
 * @throws {HubRefusal} if the name is not well formed, or if the hub has no such model that can be used
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

/**
 * Whether the files are still those that were fetched. `revision`: the checksum over the files of a folder as they are now; a
 * GGUF file is read again.
 */
async function isUnchanged({ folder, files }: FetchedSnapshot, revision: string): Promise<boolean> {
  const gguf = Object.keys(files).find((name) => name.endsWith(".gguf"));
  if (gguf !== undefined) return await sha256File(join(folder, gguf)) === files[gguf].sha256;
  const names = await modelFiles(filesIn(folder));
  return await identify(names, (name) => files[name]?.sha256 ?? "absent") === revision;
}

/**
 * The model on the hub of that name. Its revision is the commit.
 * @param read reads the model of a folder or file
 * @throws {HubRefusal} if the name is not well formed, or if the hub has no such model that can be used
 * @throws {Error} if it cannot be fetched, or if its files have changed since they were
 */
export async function readHubModel(
  name: string,
  read: (path: string) => Promise<Model>,
  options?: FetchOptions,
): Promise<Model> {
  const snapshot = await openModelFiles(name, options);
  const { commit: revision, folder } = snapshot;
  const { revision: _, ...withoutRevision } = parseHubName(name);
  const model = await read(pathOf(snapshot)).catch((error) => {
    throw new HubRefusal(error.message);
  });
  if (!await isUnchanged(snapshot, model.revision)) {
    const fixed = formatHubName({ ...withoutRevision, revision });
    throw new Error(
      `Cannot use ${fixed}: its files in ${folder} have changed since they were fetched; ` +
        `deno task fetch ${fixed} fetches them again`,
    );
  }
  return {
    ...model,
    name: formatHubName(withoutRevision),
    description: `${model.description.replace(/ from a folder$/, "")} from the hub`,
    revision,
  };
}
