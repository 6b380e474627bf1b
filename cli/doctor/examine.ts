/**
 * What doctor looks at.
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import config from "../../deno.json" with { type: "json" };
import { readObject } from "../../base/files.ts";
import { packagesFolder, projectFolder } from "../../base/permissions.ts";
import { cacheFolder, temporaryFolder } from "../../models/cache.ts";
import { readHub } from "../../models/hub/request.ts";
import { freeMemory } from "../../runs/training/plan-memory.ts";
import { listDevices } from "../output/listings.ts";

/** What was found out about one thing. */
export interface Finding {
  /** What was looked at. */
  name: string;
  /** `fault`: TuneBench does not work so; `note`: something is not there that not everybody needs. */
  state: "ok" | "note" | "fault";
  /** What was found, and what mends it. */
  text: string;
}

/** The oldest Deno that will do. */
const OLDEST = [2, 9];
/** Milliseconds within which the hub must answer. */
const PATIENCE = 5000;
/** Bytes of the longest package.json that is read. */
const LONGEST = 1 << 20;
/** Bytes that small models need. */
const LITTLE_MEMORY = 1 << 30;

/** Looks at everything, one after the other. @param hub whether the hub is to be reached */
export async function* examine(hub: boolean): AsyncGenerator<Finding> {
  yield lookAtDeno(Deno.version.deno);
  const { specifiers } = await readObject(join(projectFolder, "deno.lock"), LONGEST);
  yield await lookAtPackages(config.imports, specifiers as Record<string, string>);
  for (const { name, report } of await listDevices()) {
    const state = report.unusable === null ? "ok" : name === "cpu" ? "fault" : "note";
    yield { name: `device ${name}`, state, text: report.unusable ?? report.provider };
  }
  yield lookAtMemory();
  yield await lookAtCache();
  yield lookAtPermissions();
  yield await lookForProgram("git", "records then have no commit of TuneBench");
  yield await lookForProgram("sbatch", "it is needed on clusters with Slurm alone");
  if (hub) yield await lookAtHub();
}

/** Whether this Deno will do. */
export function lookAtDeno(version: string): Finding {
  const [major, minor] = version.split(".").map(Number);
  const old = major < OLDEST[0] || major === OLDEST[0] && minor < OLDEST[1];
  return old
    ? { name: "Deno", state: "fault", text: `${version}, but ${OLDEST.join(".")} is needed: npm install -g deno` }
    : { name: "Deno", state: "ok", text: version };
}

/**
 * Whether the packages are those of deno.json and of the lock.
 * @param imports packages with their versions: npm:NAME@VERSION
 * @param locked what the lock has
 * @param folder where they are installed
 */
export async function lookAtPackages(
  imports: Record<string, string>,
  locked: Record<string, string>,
  folder: string = packagesFolder,
): Promise<Finding> {
  const wrong: string[] = [];
  for (const [name, specifier] of Object.entries(imports)) {
    const wanted = specifier.replace(/^.*@/, "");
    const installed = await readObject(join(await linked(join(folder, name)), "package.json"), LONGEST)
      .then(({ version }) => String(version), () => "not there");
    if (installed !== wanted) wrong.push(`${name} must be ${wanted}, it is ${installed}`);
    if (!(specifier in locked)) wrong.push(`deno.lock does not have ${specifier}`);
  }
  return wrong.length === 0
    ? { name: "packages", state: "ok", text: `${Object.keys(imports).length}, as in deno.json and deno.lock` }
    : {
      name: "packages",
      state: "fault",
      text: `${wrong.join("; ")}: deno install brings them, git checkout deno.lock the lock`,
    };
}

/** Where a package's folder leads, if it is a link. */
const linked = (path: string) => Deno.realPath(path).catch(() => path);

function lookAtMemory(): Finding {
  const memory = Deno.systemMemoryInfo();
  const constrained = process.constrainedMemory();
  // A group without a limit has none, or one that no machine reaches.
  const limit = constrained > 0 && constrained < memory.total ? constrained : undefined;
  const available = freeMemory({});
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const text = `${gib(available)} free${limit ? `, the control group allows ${gib(limit)}` : ""}`;
  return available < LITTLE_MEMORY
    ? { name: "memory", state: "note", text: `${text}: end other programs, or bench with --jobs 1 and --memory small` }
    : { name: "memory", state: "ok", text };
}

async function lookAtCache(): Promise<Finding> {
  try {
    await Deno.remove(await temporaryFolder("doctor"));
    return { name: "cache", state: "ok", text: cacheFolder() };
  } catch (error) {
    const text = `${(error as Error).message}; --cache or TUNEBENCH_CACHE names another folder`;
    return { name: "cache", state: "fault", text };
  }
}

function lookAtPermissions(): Finding {
  const all = Deno.permissions.querySync({ name: "write" }).state === "granted";
  return all
    ? { name: "permissions", state: "note", text: "this process may write everywhere: start commands with deno task" }
    : { name: "permissions", state: "ok", text: "commands may touch what they name, see docs/security.md" };
}

async function lookForProgram(name: string, why: string): Promise<Finding> {
  try {
    const { success, stdout } = await new Deno.Command(name, { args: ["--version"], stderr: "null" }).output();
    if (success) return { name, state: "ok", text: new TextDecoder().decode(stdout).trim() };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { name, state: "note", text: `not there: ${why}` };
}

async function lookAtHub(): Promise<Finding> {
  const { endpoint } = readHub();
  try {
    const answer = await fetch(endpoint, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) });
    return { name: "hub", state: "ok", text: `${endpoint} answers ${answer.status}` };
  } catch (error) {
    const text =
      `${endpoint} cannot be reached (${
        (error as Error).message
      }): look at the network, HTTPS_PROXY and HF_ENDPOINT; ` +
      "models in the cache work with --offline";
    return { name: "hub", state: "fault", text };
  }
}
