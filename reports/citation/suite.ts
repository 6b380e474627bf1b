/**
 * TuneBench itself as a work: what its CITATION.cff says.
 * @module
 */
import { parse } from "yaml";
import { z } from "zod";
import type { Work } from "./work.ts";

const schema = z.object({
  title: z.string(),
  authors: z.array(z.object({ name: z.string() })),
  version: z.string(),
  license: z.string(),
});

/** TuneBench, of the version that runs. */
export async function readSuite(): Promise<Work> {
  const text = await Deno.readTextFile(new URL("../../CITATION.cff", import.meta.url));
  const { title, authors, version, license } = schema.parse(parse(text));
  return { kind: "software", title, authors, version, licence: license };
}
