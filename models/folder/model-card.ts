/**
 * What a model's card, README.md, says of it in the lines between "---" at its top.
 * @module
 */

/** Bytes that are read of a card. */
const LONGEST_CARD = 1 << 16;
/** Names of licences on the hub, "apache-2.0", are short words. */
const LICENCE = /^[\w.+-]{1,80}$/;

/** The licence that the card of a folder names; undefined where it names none, or where there is no card. */
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
