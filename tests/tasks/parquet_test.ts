import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readParquet } from "../../tasks/parquet.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import { inFolder } from "../in-folder.ts";

Deno.test("a Parquet file whose damaged page is read without end is refused within the time that is allowed", async () => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "text", data: ["a", "b"], type: "STRING" }] }),
  );
  // The page's header: its number of values is another one then.
  bytes[11] = 0;
  await inFolder({ "a.parquet": bytes }, async (folder) => {
    const files = await hashTaskFiles(folder, ["a.parquet"]);
    await assert.rejects(readParquet(files, "a.parquet", ["text"], { seconds: 1, bytes: 1 << 29 }), {
      message: `Cannot use ${folder}/a.parquet: it must be a Parquet file with the columns text, ` +
        "it must be read within 1 s, it takes longer",
    });
  });
});
