import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parquetWriteBuffer } from "hyparquet-writer";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import { rte } from "../../tasks/rte.ts";
import { inFolder } from "../in-folder.ts";

const HEADER = "index\tsentence1\tsentence2\tlabel";
const train = [HEADER, '0\tA "cat" sat.\tAn animal sat.\tentailment', "7\tNo.\t  Yes. \tnot_entailment", ""].join("\n");
const dev = [HEADER, "0\tIt rains.\tIt is wet.\tentailment", "1\tNo.\tYes.\tnot_entailment"].join("\r\n");

const load = async (folder: string) => await rte.load(await hashTaskFiles(folder, rte.files!));

Deno.test("rte reads pairs with their quotes and white space, and tests on the published validation split", () =>
  inFolder({ "train.tsv": train, "dev.tsv": dev }, async (folder) => {
    assert.deepEqual(await load(folder), {
      train: [
        { id: "train/0", text: 'A "cat" sat.', pair: "An animal sat.", label: 0 },
        { id: "train/7", text: "No.", pair: "  Yes. ", label: 1 },
      ],
      test: [
        { id: "dev/0", text: "It rains.", pair: "It is wet.", label: 0 },
        { id: "dev/1", text: "No.", pair: "Yes.", label: 1 },
      ],
    });
  }));

/** A file of GLUE's data set on the hub. */
function parquet(rows: [string, string, number, number][]): Uint8Array {
  const column = (at: number) => rows.map((row) => row[at]);
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "sentence1", data: column(0), type: "STRING" },
      { name: "sentence2", data: column(1), type: "STRING" },
      { name: "label", data: column(2).map(BigInt), type: "INT64" },
      { name: "idx", data: column(3), type: "INT32" },
    ],
  }));
}

/** Writes both files of the hub's data set into a folder; returns them as task files. */
async function writeParquet(folder: string, train: Uint8Array, dev: Uint8Array) {
  await Deno.mkdir(`${folder}/rte`);
  const [trainFile, devFile] = ["train", "validation"].map((split) => `rte/${split}-00000-of-00001.parquet`);
  await Deno.writeFile(`${folder}/${trainFile}`, train);
  await Deno.writeFile(`${folder}/${devFile}`, dev);
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  return { folder, files: { [trainFile]: sha256(train), [devFile]: sha256(dev) } };
}

Deno.test("the files of the hub give the same examples as GLUE's own", () =>
  inFolder({ "train.tsv": train, "dev.tsv": dev }, async (folder) => {
    const taskFiles = await writeParquet(
      folder,
      parquet([['A "cat" sat.', "An animal sat.", 0, 0], ["No.", "  Yes. ", 1, 7]]),
      parquet([["It rains.", "It is wet.", 0, 0], ["No.", "Yes.", 1, 1]]),
    );
    assert.deepEqual(await rte.load(taskFiles), await load(folder));
  }));

Deno.test("a file of the hub that is no Parquet, or whose labels are secret, is refused with its name and what it must be", () =>
  inFolder({}, async (folder) => {
    const good = parquet([["a", "b", 0, 0], ["c", "d", 1, 1]]);
    const taskFiles = await writeParquet(folder, good, parquet([["a", "b", -1, 0]]));
    await assert.rejects(
      rte.load(taskFiles),
      /^Error: Cannot use .*rte\/validation.*: a label must be 0 or 1, current value is -1 in line 1$/,
    );
    await Deno.remove(`${folder}/rte`, { recursive: true });
    const broken = await writeParquet(folder, good.slice(0, -30), good);
    await assert.rejects(
      rte.load(broken),
      /^Error: Cannot use .*parquet: it must be a Parquet file with the columns idx, /,
    );
  }));

Deno.test("a file that has changed since its checksum was computed is refused", () =>
  inFolder({ "train.tsv": train, "dev.tsv": dev }, async (folder) => {
    const taskFiles = await hashTaskFiles(folder, rte.files!);
    await Deno.writeTextFile(`${folder}/dev.tsv`, train);
    await assert.rejects(
      rte.load(taskFiles),
      /^Error: Cannot use .*dev\.tsv: its SHA-256 must be [0-9a-f]{64}, current value is [0-9a-f]{64}$/,
    );
  }));

const wrong: [string, Record<string, string>, RegExp][] = [
  ["a missing file", { "train.tsv": train }, /^Error: Cannot read .*dev\.tsv: there must be such a file$/],
  [
    "another header",
    { "train.tsv": train, "dev.tsv": "sentence\tlabel\na\t1" },
    /dev\.tsv: its first line must be index, .*, current value is sentence\\tlabel$/,
  ],
  [
    "a row too short",
    { "train.tsv": `${HEADER}\n0\ta\tentailment`, "dev.tsv": dev },
    /train\.tsv: line 2 must have 4 parts, current value is 3$/,
  ],
  [
    "a row too long",
    { "train.tsv": `${train}1\ta\tb\tc\tentailment`, "dev.tsv": dev },
    /train\.tsv: line 4 must have 4 parts, current value is 5$/,
  ],
  [
    "an unknown label",
    { "train.tsv": `${HEADER}\n0\ta\tb\tneutral`, "dev.tsv": dev },
    /train\.tsv: a label must be entailment or not_entailment, current value is neutral in line 2$/,
  ],
];

for (const [what, files, message] of wrong) {
  Deno.test(`rte with ${what} is refused in one sentence`, () =>
    inFolder(files, async (folder) => {
      await assert.rejects(load(folder), message);
    }));
}

Deno.test("rte without files is refused in one sentence", async () => {
  await assert.rejects(rte.load(), { message: "Cannot read the task rte: its files must be given" });
});
