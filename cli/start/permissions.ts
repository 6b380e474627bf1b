/**
 * What each command may touch: what its arguments name, and what it needs besides.
 * @module
 */
import type { Command } from "commander";
import { dirname } from "node:path";
import { ENVIRONMENT, LOADER, type Permissions, projectFolder, SYSTEM } from "../../base/permissions.ts";
import { PROCESS_VIEWER } from "../../base/processes.ts";
import { deviceFolders, deviceVariables } from "../../engine/devices/optional-package.ts";
import { hubHosts } from "../../models/hub/request.ts";
import { modelPermissions } from "../../models/hub/places.ts";
import { useCache } from "../command.ts";
import { filesOfPlugins, findNames, isOnHub, namesOfTask, notedModels, texts } from "./named-files.ts";

/** Arguments and flags of a command, as the command line's parser gives them. */
interface Given {
  /** Arguments. */
  args: (string | string[])[];
  /** Flags. */
  flags: Record<string, unknown>;
}

/** Variables of commands that use models. */
const VARIABLES = [...ENVIRONMENT, "HF_ENDPOINT", "HF_TOKEN", "INIT_CWD"];

/** A model's name may be a path, or look like one: whether there is such a path here is looked at. */
const paths = (models: readonly string[]) => models.filter((name) => /[\\/.]/.test(name));

/** What it takes to find models, files that the user names aside. */
function findingModels({ flags }: Given, models: readonly string[], onHub: boolean): Permissions & { read: string[] } {
  const { read, write } = modelPermissions();
  const usesHub = onHub || models.some((name) => /^[^./\\][^\\]*\//.test(name));
  return {
    read: [...read, ...paths(models)],
    write,
    env: VARIABLES,
    sys: SYSTEM,
    net: usesHub && !flags.offline ? hubHosts() : [],
  };
}

/** What it takes to train cells in workers besides: programs, and what workers are told to read. */
function launching(given: Given, models: readonly string[], onHub: boolean): Permissions & { read: string[] } {
  const finding = findingModels(given, models, onHub);
  return {
    ...finding,
    read: [...finding.read, ...deviceFolders()],
    run: [Deno.execPath(), "git", PROCESS_VIEWER],
  };
}

/** The permissions of a command that reads files of the user's, and writes others. */
function filing(read: readonly string[], write: readonly string[] = []): Permissions {
  return { read: [projectFolder, ...read], write, env: ENVIRONMENT };
}

/** A folder that is written beside its place, then put there. */
const placed = (folder: unknown) => texts(folder).flatMap((path) => [path, dirname(path)]);

/** What every command may touch, by its words, as "task check"; null: TuneBench's own files alone, which needs no process of its own. */
export const permissions: Record<string, (given: Given) => Permissions | null | Promise<Permissions | null>> = {
  async bench(given) {
    const { args: [study], flags } = given;
    const named = await findNames(study as string, flags);
    const base = launching(given, named.models, named.datasets);
    return {
      ...base,
      read: [...base.read, ...named.files],
      write: [...base.write ?? [], ...texts(flags.out, flags.events)],
      run: [...base.run ?? [], ...flags.launcher === undefined ? [] : ["sbatch", "scontrol"]],
    };
  },
  "bench status": ({ args: [folder] }) => filing(texts(folder)),
  async verify(given) {
    // Records name models and files that are expected in these folders; which of them, only their reader knows.
    const base = launching(given, [], true);
    const plugins = await filesOfPlugins(texts(given.flags.plugin));
    return { ...base, read: [...base.read, ...texts(given.args[0]), "models", "task-files", "adapters", ...plugins] };
  },
  fetch: (given) => findingModels(given, texts(given.args[0]), true),
  async predict(given) {
    const adapters = texts(given.flags.adapter);
    const models = given.flags.model === undefined ? await notedModels(adapters) : texts(given.flags.model);
    const base = launching(given, models, false);
    return {
      ...base,
      read: [
        ...base.read,
        ...adapters,
        ...texts(given.flags.input),
        ...await filesOfPlugins(texts(given.flags.plugin)),
      ],
      env: [...VARIABLES, ...deviceVariables],
      sys: [...SYSTEM, ...LOADER],
      ffi: "any",
      run: [Deno.execPath()],
    };
  },
  async "adapter merge"(given) {
    const { args: [adapter, out], flags: { model, plugin } } = given;
    const base = findingModels(given, texts(model), false);
    return {
      ...base,
      read: [...base.read, ...texts(adapter), ...await filesOfPlugins(texts(plugin))],
      // What a plug-in imports is found by Deno.
      run: plugin ? [Deno.execPath()] : [],
      write: [...base.write ?? [], ...placed(out)],
    };
  },
  report({ args: [folders], flags: { out, external, baseline, compare } }) {
    const writes = baseline === undefined && compare === undefined;
    return filing(texts(folders, external, baseline), writes ? texts(out ?? `${folders[0]}/report`) : []);
  },
  async "task check"(given) {
    const { args: [task], flags: { model, taskFiles } } = given;
    const { files, onHub } = await namesOfTask(task);
    const base = filing([...files, ...texts(taskFiles)]);
    const usesHub = onHub || await isOnHub(task as string);
    if (!usesHub && model === undefined) return base;
    const finding = findingModels(given, texts(model), usesHub);
    const found = { ...finding, read: [...finding.read, ...base.read ?? []] };
    // A model's tokenizer is native code, in a process of its own where the user gives it.
    return model === undefined ? found : { ...found, sys: [...SYSTEM, ...LOADER], ffi: "any", run: [Deno.execPath()] };
  },
  async "plugin check"(given) {
    const base = launching(given, [], false);
    return {
      ...base,
      read: [...base.read, ...await filesOfPlugins(texts(given.args[0])), ...texts(given.flags.taskFiles)],
    };
  },
  cite: ({ args: [folders] }) => filing(texts(folders)),
  export: ({ args: [folder, results] }) => filing(texts(results), placed(folder)),
  doctor(given) {
    const base = launching(given, [], given.flags.hub === true);
    return { ...base, run: [Deno.execPath(), "git", "sbatch"] };
  },
  async list(given) {
    const plugins = await filesOfPlugins(texts(given.flags.plugin));
    if (given.args[0] !== "devices" && plugins.length === 0) return null;
    const base = launching(given, [], false);
    return { ...base, read: [...base.read, ...plugins] };
  },
};

/** The words of a command: its name, after that of the command which it is below. */
export function wordsOf(command: Command): string {
  const above = command.parent?.parent ? `${wordsOf(command.parent)} ` : "";
  return above + command.name();
}

/** What a command may touch that was given so; null: TuneBench's own files alone. */
export async function permissionsOf(command: Command): Promise<Permissions | null> {
  const given = { args: command.processedArgs, flags: command.opts() };
  // The cache folder is one of the places.
  useCache(given.flags);
  return await permissions[wordsOf(command)](given);
}
