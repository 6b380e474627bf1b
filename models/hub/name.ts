/**
 * Names of models on the hub: org/name[@revision][:file].
 * @module
 */
import { shorten } from "../../base/errors.ts";

/** A request that the user must change: a wrong name, a repository that cannot be used, a missing token. */
export class HubRefusal extends Error {
  /** Name of the error. */
  override name = "HubRefusal";
}

/** The parts of the name of a model on the hub. */
export interface HubName {
  /** Owner and name: "org/name". */
  repository: string;
  /** Branch, tag or commit; absent: main. */
  revision?: string;
  /** A file of the repository, if it holds several models: "model-q8_0.gguf". */
  file?: string;
}

const FORM = "org/name, org/name@revision or org/name:file.gguf";
/** The characters that the hub allows in names of owners and repositories. */
const PART = /^\w(?:[\w.-]{0,94}\w)?$/;
/** Names of branches and tags that both git and caches can hold. */
const REVISION = /^\w[\w./+-]{0,199}$/;

/** Most characters of a part of a path; file systems allow 255 bytes. */
const LONGEST_SEGMENT = 200;

/**
 * Whether a path of a repository stays inside the folder that it is put in, on every system: no part is empty, . or .., has
 * a backslash, a colon or a control character, or is longer than file systems allow.
 */
export function isSafePath(path: string): boolean {
  return path.split("/").every((part) =>
    part !== "" && part !== "." && part !== ".." && part.length <= LONGEST_SEGMENT &&
    // deno-lint-ignore no-control-regex
    !/[\\:\x00-\x1f\x7f]/.test(part)
  ) && path.length <= 1000;
}

/** Whether a revision is a commit, which stands for the same content for ever. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * Splits a name into its parts.
 * @param what it names, for messages
 * @throws {HubRefusal} if it is not well formed, or could lead out of a folder that is named after it
 */
export function parseHubName(name: string, what = "model"): HubName {
  const [, repository, revision, file] = /^([^@:]*)(?:@([^:]*))?(?::([^]*))?$/.exec(name) ?? [];
  const parts = repository?.split("/") ?? [];
  const isRepository = parts.length === 2 &&
    parts.every((part) => PART.test(part) && !part.includes("..") && !part.includes("--"));
  if (!isRepository) {
    throw new HubRefusal(
      `Cannot find the ${what} ${shorten(name)}: a name on the hub must be ${FORM}, ` +
        "its parts of letters, digits, - _ . without .. or --",
    );
  }
  const safe = (path: string) => isSafePath(path) && !path.split("/").some((part) => part.startsWith("."));
  if (revision !== undefined && !(REVISION.test(revision) && safe(revision) && !revision.includes(".."))) {
    throw new HubRefusal(
      `Cannot find the ${what} ${repository}: its revision must be a branch, a tag or a commit, ` +
        `current value is ${shorten(revision) || "empty"}`,
    );
  }
  if (file !== undefined && !(safe(file) && file.endsWith(".gguf"))) {
    throw new HubRefusal(
      `Cannot find the ${what} ${repository}: after : there must be the path of a GGUF file in it, ` +
        `current value is ${shorten(file) || "empty"}`,
    );
  }
  return { repository, ...revision !== undefined && { revision }, ...file !== undefined && { file } };
}

/** The name as users write it. */
export function formatHubName({ repository, revision, file }: HubName): string {
  return `${repository}${revision === undefined ? "" : `@${revision}`}${file === undefined ? "" : `:${file}`}`;
}
