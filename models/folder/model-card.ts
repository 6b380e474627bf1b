/**
 * The model card, README.md: metadata between lines of "---" at its top.
 * @module
 */

/** Bytes of a card that are read, at most. */
const LONGEST_CARD = 1 << 16;
/** A licence as the hub names it: "apache-2.0". */
const LICENCE = /^[\w.+-]{1,80}$/;

/** The licence in a folder's model card; undefined if it names none, or if there is no card. */
export async function readLicence(folder: string): Promise<string | undefined> {
  let text: string;
  try {
    using file = await Deno.open(`${folder}/README.md`);
    const bytes = new Uint8Array(LONGEST_CARD);
    text = new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [, top] = /^---\r?\n([^]*?)\r?\n---/.exec(text) ?? [];
  const [, licence] = /^license:[ \t]*(.*?)[ \t\r]*$/m.exec(top ?? "") ?? [];
  return licence !== undefined && LICENCE.test(licence) ? licence : undefined;
}
