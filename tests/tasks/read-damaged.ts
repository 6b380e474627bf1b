/**
 * Reads the Parquet file `a.parquet` of a folder within a second, and prints why it is refused. A process of its own, because the thread
 * that reads a damaged page never returns, and would take a core from all later tests. Argument: the folder.
 */
import { readParquet } from "../../tasks/parquet.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";

const files = await hashTaskFiles(Deno.args[0], ["a.parquet"]);
const refused = await readParquet(files, "a.parquet", ["text"], { seconds: 1, bytes: 1 << 29 }).catch((error) => error);
console.log(refused.message);
Deno.exit();
