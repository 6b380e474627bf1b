/**
 * Packages that devices need and the project does not depend on, being large or in need of install scripts: a variable
 * names the folder that the user put them into.
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** A package in a folder of the user's. */
export interface OptionalPackage {
  /** Its name on npm. */
  name: string;
  /** Its version. */
  version: string;
  /** The folder that the variable names. */
  folder: string;
  /** Requires as the package does. */
  require: ReturnType<typeof createRequire>;
}

/** A variable that names a folder of packages. */
export type FolderVariable = "TUNEBENCH_ONNXRUNTIME_NODE" | "TUNEBENCH_TFJS_NODE";
const FOLDERS: readonly FolderVariable[] = ["TUNEBENCH_ONNXRUNTIME_NODE", "TUNEBENCH_TFJS_NODE"];

/** Further variables that the packages' native libraries are given. */
export const deviceVariables: readonly string[] = [
  ...["ORT_DISABLE_TELEMETRY", "TF_NUM_INTRAOP_THREADS", "TF_CPP_MIN_LOG_LEVEL", "NVIDIA_TF32_OVERRIDE"],
];

/** The folders that the variables name. */
export function deviceFolders(): string[] {
  return FOLDERS.map((name) => Deno.env.get(name)).filter((folder) =>
    folder !== undefined && folder !== ""
  ) as string[];
}

/** What is looked for. */
export interface Wanted {
  /** The environment variable that names the folder. */
  variable: FolderVariable;
  /** Packages that will do, in order of preference. */
  names: readonly string[];
  /** The project's package whose version is required. */
  sameVersionAs: string;
  /** That version. */
  version: string;
}

/** Finds a package in the folder that the variable names. @throws {Error} one sentence on what is missing and what would help */
export function findPackage({ variable, names, sameVersionAs, version }: Wanted): OptionalPackage {
  const value = Deno.env.get(variable);
  if (!value) {
    throw new Error(
      `The variable ${variable} must name a folder whose node_modules holds ${names.join(" or ")} ${version}, ` +
        `but it is not set`,
    );
  }
  const folder = resolve(value);
  const install = (name: string) => `npm install --prefix ${folder} ${name}@${version}`;
  const name = names.find((candidate) => existsSync(join(folder, "node_modules", candidate, "package.json")));
  if (!name) {
    const missing = names.length > 1 ? `holds neither ${names.join(" nor ")}` : `does not hold ${names[0]}`;
    throw new Error(
      `The folder ${folder}, which ${variable} names, ${missing}: ${install(names.at(-1)!)} puts one there`,
    );
  }
  // Resolved, so that the packages which it requires are found even behind links or in nested folders.
  const require = createRequire(createRequire(join(folder, "package.json")).resolve(`${name}/package.json`));
  const installed = require("./package.json").version;
  if (installed !== version) {
    throw new Error(
      `${name} must have the version of ${sameVersionAs}, ${version}, but in ${folder} it is ${installed}: ` +
        `${install(name)} puts that in its place`,
    );
  }
  return { name, version, folder, require };
}
