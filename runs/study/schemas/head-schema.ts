/**
 * Schemas of what studies and specs say of a language model's head.
 * @module
 */
import { z } from "zod";
import { wordingShape } from "../../../tasks/described/schema.ts";
import { type HeadSpec, LANGUAGE_MODEL, type Normalisation, type StudyHead } from "../words/head.ts";

const normalise: z.ZodType<Normalisation | undefined> = z.enum(["length", "prior"])
  .describe("how scores of words are made comparable; left out: they are sums of log-probabilities").optional();

/** Schema of {@linkcode HeadSpec}. */
export const headSchema: z.ZodType<HeadSpec> = z.strictObject({
  template: z.string(),
  words: z.array(z.array(z.string()).min(1)).refine(({ length }) => length !== 1, { error: "must be of two labels" }),
  normalise,
});

const name = z.literal(LANGUAGE_MODEL, { error: `must be ${LANGUAGE_MODEL}` });

/** Schema of {@linkcode StudyHead}. */
export const studyHeadSchema: z.ZodType<StudyHead> = z.union([
  name,
  z.strictObject({ name, ...wordingShape, normalise }),
], {
  error: ({ input }) => typeof input === "object" ? undefined : `must be ${LANGUAGE_MODEL}`,
});
