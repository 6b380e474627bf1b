/**
 * A strict reader of BibTeX, for tests: it refuses what BibTeX or LaTeX would take for something else.
 * @module
 */

/** An entry. */
export interface BibtexEntry {
  type: string;
  key: string;
  fields: Record<string, string>;
}

/** The end of a group in braces that begins at `from`. As for BibTeX, a backslash before a brace changes nothing. */
function groupEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at + 1;
  }
  throw new Error(`a group does not end: ${text.slice(from, from + 80)}`);
}

/** Reads entries; what stands between them must be comments or empty lines. @throws {Error} what is wrong */
export function parseBibtex(text: string): BibtexEntry[] {
  const entries: BibtexEntry[] = [];
  let at = 0;
  while (at < text.length) {
    const outside = /^(?:%[^@\n]*\n|\n)/.exec(text.slice(at));
    if (outside) {
      at += outside[0].length;
      continue;
    }
    const head = /^@(\w+)\{([a-z0-9-]+),\n/.exec(text.slice(at));
    if (!head) throw new Error(`no entry: ${JSON.stringify(text.slice(at, at + 80))}`);
    const end = groupEnd(text, at + head[1].length + 1);
    entries.push({ type: head[1], key: head[2], fields: parseFields(text.slice(at + head[0].length, end - 1)) });
    at = end;
  }
  return entries;
}

function parseFields(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const head = /^ {2}(\w+) = (?=\{)/.exec(text.slice(at));
    if (!head) throw new Error(`no field: ${JSON.stringify(text.slice(at, at + 80))}`);
    const end = groupEnd(text, at + head[0].length);
    fields[head[1]] = text.slice(at + head[0].length + 1, end - 1);
    at = end + (/^(?:,?\n)/.exec(text.slice(end))?.[0].length ?? 0);
  }
  for (const [name, value] of Object.entries(fields)) if (name !== "url" && name !== "doi") requireSafe(value);
  return fields;
}

/** Only the commands that the project writes, and no character that LaTeX would take for something else. */
function requireSafe(value: string): void {
  const rest = value.replace(
    /\\text(?:backslash|braceleft|braceright|asciitilde|asciicircum)\{\}|\\char34\{\}|\\[%&$#_]/g,
    "",
  );
  // deno-lint-ignore no-control-regex
  const other = /[\\%&$#_~^"\x00-\x1f\x7f-\x9f\u202A-\u202E\u2066-\u2069]/.exec(rest);
  if (other) throw new Error(`a character with a meaning: ${JSON.stringify(other[0])} in ${JSON.stringify(value)}`);
}

/** The text that LaTeX would print. */
export function printed(value: string): string {
  const characters: Record<string, string> = {
    backslash: "\\",
    braceleft: "{",
    braceright: "}",
    asciitilde: "~",
    asciicircum: "^",
  };
  return value.replaceAll("\\char34{}", '"').replace(
    /\\text(\w+)\{\}|\\([%&$#_])|[{}]/g,
    (_, name, sign) => characters[name] ?? sign ?? "",
  );
}
