import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readDescribed, readTexts } from "../../tasks/described/read.ts";
import { readParquetRows } from "../../tasks/parquet.ts";
import { splitExamples } from "../../runs/training/split.ts";
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

/** Texts and numbers in row groups of 100, each text another; and a column of notes, whose pages begin with letters that occur nowhere else. */
const texts = Array.from({ length: 1000 }, (_, at) => `day ${at}, ${at % 7 ? "calm" : `"rough"`}`);
const grouped = new Uint8Array(parquetWriteBuffer({
  columnData: [
    { name: "note", data: texts.map((_, at) => `ZQX ${at}`), type: "STRING" },
    { name: "text", data: texts, type: "STRING" },
    { name: "label", data: texts.map((_, at) => at % 2), type: "INT32" },
  ],
  codec: "UNCOMPRESSED",
  rowGroupSize: 100,
}));

/** The file with all bytes of a text replaced. */
function damaged(text: string): Uint8Array {
  const bytes = grouped.slice();
  const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
  // Before the text of a value stand the four bytes of its length.
  bytes.fill(0xff, at - 4, at + text.length);
  return bytes;
}

Deno.test("the rows of a Parquet file of many row groups, their hashes and splits are those of a CSV of the same rows", async () => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const csv = ["text,label", ...texts.map((text, at) => `${quoted(text)},${at % 2}`)].join("\n");
  await inFolder({ "a.parquet": grouped, "a.csv": csv }, async (folder) => {
    const reading = { columns: { text: "text", label: "label" } };
    const read = async (name: string) => {
      const sources = { pool: { paths: [`${folder}/${name}`] } };
      // There is no room for texts, so the examples have hashes.
      const { splits: [{ examples, words }] } = await readDescribed("a", reading, sources, 0);
      const drawn = splitExamples({ pool: examples }, { train: 20, validation: 10, test: 10 }, 0);
      const texts = await readTexts(reading, sources, Object.values(drawn).flat());
      return { rows: examples.map(({ id, hash, label }) => [id, hash, label]), words, texts };
    };
    assert.deepEqual(await read("a.parquet"), await read("a.csv"));
  });
});

Deno.test("of a Parquet file one row group after the other is read, and the columns that are asked for alone", async () => {
  const files = { "group.parquet": damaged("day 650"), "column.parquet": damaged("ZQX 650") };
  await inFolder(files, async (folder) => {
    const read = async (name: string) => {
      const rows: unknown[] = [];
      const visit = (line: number, values: unknown) => void rows.push([line, values]);
      await readParquetRows(`${folder}/${name}`, name, ["label", "text"], visit).catch(({ message }) =>
        rows.push(message)
      );
      return rows;
    };
    const all = texts.map((text, at) => [at + 1, [String(at % 2), text]]);
    assert.deepEqual(await read("column.parquet"), all);
    const rows = await read("group.parquet");
    assert.match(
      String(rows.pop()),
      /^Cannot use group.parquet: it must be a Parquet file with the columns label, text, /,
    );
    assert.deepEqual(rows, all.slice(0, 600));
  });
});
