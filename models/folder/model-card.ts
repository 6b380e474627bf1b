/**
 * The model card, README.md: metadata between lines of "---" at its top.
 * @module
 */
import { exists, openFile } from "../../base/files.ts";

/** Bytes of a card that are read, at most. */
const LONGEST_CARD = 1 << 16;
/** A licence as the hub names it: "apache-2.0". */
const LICENCE = /^[\w.+-]{1,80}$/;

/** The licence in a folder's model card; undefined if it names none, or if there is no card. */
export async function readLicence(folder: string): Promise<string | undefined> {
  if (!await exists(`${folder}/README.md`)) return undefined;
  using file = (await openFile(`${folder}/README.md`)).file;
  const bytes = new Uint8Array(LONGEST_CARD);
  const text = new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
  const [, top] = /^---\r?\n([^]*?)\r?\n---/.exec(text) ?? [];
  const line = top?.split("\n").find((line) => line.startsWith("license:"));
  const licence = line?.slice("license:".length).trim();
  return licence !== undefined && LICENCE.test(licence) ? licence : undefined;
}
