import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import { inFolder } from "../in-folder.ts";

const program = fileURLToPath(new URL("./read-damaged.ts", import.meta.url));

Deno.test("a Parquet file whose damaged page is read without end is refused within the time that is allowed", async () => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "text", data: ["a", "b"], type: "STRING" }] }),
  );
  // The page's header: its number of values is another one then.
  bytes[11] = 0;
  await inFolder({ "a.parquet": bytes }, async (folder) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-read", program, folder],
      stderr: "inherit",
    }).output();
    assert.equal(
      new TextDecoder().decode(stdout).trim(),
      `Cannot use ${folder}/a.parquet: it must be a Parquet file with the columns text, ` +
        "it must be read within 1 s, it takes longer",
    );
  });
});
