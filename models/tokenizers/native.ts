/**
 * The tokenizers library of Hugging Face, in Rust: loaded when a text is first encoded, since many commands encode none.
 * @module
 */
import { createRequire } from "node:module";
import { shorten } from "../../base/errors.ts";

/** Longest time for one text, in seconds. A regular expression may need time that grows with the square of the text. */
export const LONGEST = 60;

type Library = typeof import("@anush008/tokenizers");

let library: Library | undefined;

/** The library. @throws {Error} in one sentence, if there is none for this platform, or if it cannot be loaded */
function loadLibrary(): Library {
  try {
    return library ??= createRequire(import.meta.url)("@anush008/tokenizers") as Library;
  } catch (error) {
    const { os, arch } = Deno.build;
    throw new Error(
      `Cannot encode texts: the native library @anush008/tokenizers must be usable on ${os} ${arch}, ` +
        shorten((error as Error).message.split("\n")[0]),
    );
  }
}

/** Errors of the library name the tokenizer. */
function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`Cannot use the tokenizer ${path}: ${shorten((error as Error).message.split("\n")[0])}`);
  }
}

/** What a promise resolves to. @throws {Error} if that takes longer than so many seconds */
export async function within<T>(
  seconds: number,
  what: "encoded" | "decoded",
  work: Promise<T>,
  path: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `Cannot use the tokenizer ${path}: a text must be ${what} within ${seconds} s, it takes longer`;
    timer = setTimeout(() => reject(new Error(message)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A tokenizer of the library, without truncation, padding and special tokens. */
export interface NativeTokenizer {
  /** Ids of a text. */
  idsOf(text: string): Promise<number[]>;
  /** The text of ids. @param skipSpecial whether special tokens are left out */
  decode(ids: readonly number[], skipSpecial: boolean): Promise<string>;
}

/**
 * A tokenizer. It is made when a text is first encoded or decoded; that throws what the library says of the form.
 * @param path where the form is from, for messages
 * @param form content of a tokenizer.json
 * @param longest seconds that a text may take; the library goes on after them, on a thread of its own
 */
export function nativeTokenizer(path: string, form: object, longest: number = LONGEST): NativeTokenizer {
  let text: string | undefined = JSON.stringify({
    version: "1.0",
    ...form,
    truncation: null,
    padding: null,
    post_processor: null,
  });
  let made: InstanceType<Library["Tokenizer"]>;
  const tokenizer = () => {
    if (text === undefined) return made;
    const { Tokenizer } = loadLibrary();
    made = naming(path, () => Tokenizer.fromString(text!));
    text = undefined;
    return made;
  };
  return {
    async idsOf(text) {
      const native = tokenizer();
      const encoded = native.encode(text, null, { addSpecialTokens: false }).catch((error) =>
        naming(path, () => {
          throw error;
        })
      );
      return (await within(longest, "encoded", encoded, path)).getIds();
    },
    decode: async (ids, skipSpecial) =>
      await within(longest, "decoded", tokenizer().decode([...ids], skipSpecial), path),
  };
}
