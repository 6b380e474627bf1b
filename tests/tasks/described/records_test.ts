import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { Random } from "../../../base/random.ts";
import { textHash } from "../../../tasks/examples.ts";
import { countWords, outlineOf } from "../../../tasks/described/rows/outline.ts";
import { readRecords } from "../../../tasks/described/text/records.ts";

/** What files are made of, so that quotes stand at the start, in and at the end of values, and values and lines are empty. */
const PIECES = [...'"",,\n\n\t;ab ', '""', '","', '"\n', '\n"', ' "', "für", "text of a file", "𝄞"];

interface Read {
  line: number;
  values: string[];
  count: number;
}

/** What csv-parse reads of a text, as records are given; undefined if it refuses the text. */
function readByCsvParse(
  text: string,
  delimiter: string,
  isQuoted: boolean,
  columns: readonly number[],
): Read[] | undefined {
  const records: Read[] = [];
  let begin = 1;
  const on_record = (record: string[], { lines }: { lines: number }): null => {
    if (record.length > 1 || record[0].trim() !== "") {
      records.push({ line: begin, values: columns.map((column) => record[column] ?? ""), count: record.length });
    }
    begin = lines + 1;
    return null;
  };
  try {
    parse(text, { delimiter, quote: isQuoted ? '"' : false, relax_column_count: true, on_record });
    return records;
  } catch {
    return undefined;
  }
}

/** Whole lines of a text, several in a part. */
async function* partsOf(text: string, random: Random): AsyncGenerator<string> {
  for (let at = 0; at < text.length;) {
    const from = at + random.integer(30);
    const end = text.indexOf("\n", from) + 1 || text.length;
    yield text.slice(at, end);
    at = end;
  }
}

Deno.test("records of random texts in random parts are those of csv-parse, and the same texts are refused", async () => {
  const random = new Random(0, "records");
  const counts = { read: 0, refused: 0 };
  for (let round = 0; round < 2000; round++) {
    // Every fourth has quotes that are in order, as most random ones are not.
    const length = 1 + random.integer(25);
    const pieces = Array.from({ length }, () => PIECES[random.integer(PIECES.length)]);
    const text = round % 4 > 0
      ? pieces.join("")
      : pieces.map((piece, at) => `"${piece.replaceAll('"', '""')}"${at % 3 === 2 ? "\n" : ","}`).join("");
    const [delimiter, isQuoted] = [round % 3 ? "," : "\t", round % 5 > 0];
    const columns = round % 2 ? [2, 0] : [1];
    const expected = readByCsvParse(text, delimiter, isQuoted, columns);
    const records: Read[] = [];
    const reading = readRecords(partsOf(text, random), { delimiter, isQuoted }, columns, (line, values, count) => {
      records.push({ line, values, count });
    });
    if (expected === undefined) await assert.rejects(reading, /^Error: Cannot read values/, JSON.stringify(text));
    else {
      await reading;
      assert.deepEqual(records, expected, JSON.stringify(text));
    }
    counts[expected ? "read" : "refused"]++;
  }
  assert(Math.min(counts.read, counts.refused) > 200, JSON.stringify(counts));
});

Deno.test("the outline of texts has the hash of a text's key and the words of any text", () => {
  const random = new Random(0, "outlines");
  const letters = [..."aZ 0é\t\n ß漢İ\u0085\u00a0\u001f𝄞."];
  const text = () => Array.from({ length: random.integer(20) }, () => letters[random.integer(letters.length)]).join("");
  const ascii = () => text().replace(/[^\x20-\x7e\n\t]/g, "B");
  for (let round = 0; round < 400; round++) {
    const texts = [round % 2 ? text() : ascii(), ...round % 3 ? [round % 4 > 1 ? text() : ascii()] : []];
    const [first, pair] = texts;
    assert.deepEqual(outlineOf(texts), {
      words: countWords(first) + countWords(pair ?? ""),
      hash: textHash({ id: "", text: first, pair }),
    }, JSON.stringify(texts));
  }
});
