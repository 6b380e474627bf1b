/**
 * Fetches the files of a model in a process of its own: `hub-child.ts <name>`.
 * @module
 */
import { openModelFiles } from "../../models/hub-model.ts";

await openModelFiles(Deno.args[0]);
