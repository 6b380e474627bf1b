/**
 * The model card, README.md: metadata between lines of "---" at its top, then text.
 * @module
 */
import { exists, openFile } from "../../base/files.ts";
import { citationIn } from "./card-citation.ts";

/** Bytes of a card that are read, at most. */
const LONGEST_CARD = 1 << 16;
/** A licence as the hub names it: "apache-2.0". */
const LICENCE = /^[\w.+-]{1,80}$/;

/** What a model card says; undefined where it does not. */
export interface ModelCard {
  /** The licence that its metadata names. */
  licence?: string;
  /** What it asks to be cited. */
  citation?: string;
}

/** A folder's model card; empty if there is none. */
export async function readCard(folder: string): Promise<ModelCard> {
  if (!await exists(`${folder}/README.md`)) return {};
  using file = (await openFile(`${folder}/README.md`)).file;
  const bytes = new Uint8Array(LONGEST_CARD);
  const text = new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
  return { licence: licenceIn(text), citation: citationIn(text) };
}

function licenceIn(card: string): string | undefined {
  const [, top] = /^---\r?\n([^]*?)\r?\n---/.exec(card) ?? [];
  const line = top?.split("\n").find((line) => line.startsWith("license:"));
  const licence = line?.slice("license:".length).trim();
  return licence !== undefined && LICENCE.test(licence) ? licence : undefined;
}
