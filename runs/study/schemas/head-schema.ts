/**
 * Schemas of what studies and specs say of a language model's head.
 * @module
 */
import { z } from "zod";
import type { HeadSpec, Normalisation } from "../words/head.ts";

/** Schema of {@linkcode Normalisation}. */
export const normalisationSchema: z.ZodType<Normalisation> = z.enum(["length", "prior"]);

/** Schema of {@linkcode HeadSpec}. */
export const headSchema: z.ZodType<HeadSpec> = z.strictObject({
  template: z.string(),
  words: z.array(z.array(z.string()).min(1)).min(2),
  normalise: normalisationSchema.optional(),
});
