/**
 * Models by name or folder.
 * @module
 */
import { findFolder, isFolder, models } from "../models/mod.ts";
import type { Model } from "../models/types.ts";
import { lookUp } from "./look-up.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The model of that name; a name that starts with . or / is the path of a folder.
 * @throws {UsageError} if there is none, or if the folder cannot be used
 */
export async function findModel(name: string): Promise<Model> {
  if (!isFolder(name)) return lookUp("model", models, name);
  try {
    return await findFolder(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
