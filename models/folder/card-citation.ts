/**
 * What a model card asks to be cited: its entries in BibTeX, or the papers on arXiv that its metadata names.
 * @module
 */

/** Most works that are taken from a card. */
const MOST_WORKS = 4;
/** Most entries that are looked at. */
const MOST_ENTRIES = 50;
/** Most characters of an entry. */
const LONGEST_ENTRY = 5000;
/** Most authors that are named. */
const MOST_AUTHORS = 30;

/** Accents of LaTeX as characters that are joined with the letter before them. */
const ACCENTS: Record<string, string> = {
  ...{ "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307" },
  ...{ c: "\u0327", v: "\u030c", u: "\u0306", H: "\u030b", k: "\u0328", r: "\u030a" },
};

/**
 * The works as the tables of models name them, "Authors (Year), Title, URL", separated by semicolons; undefined if the card
 * names none that can be read.
 */
export function citationIn(card: string): string | undefined {
  const works = entriesOf(card).map(citationOf).filter((work) => work !== undefined);
  if (works.length > 0) return [...new Set(works)].slice(0, MOST_WORKS).join("; ");
  const [, top = ""] = /^---\r?\n([^]*?)\r?\n---/.exec(card) ?? [];
  const papers = [...top.matchAll(/^[ \t]{0,9}-[ \t]{0,9}["']?arxiv:(\d{4}\.\d{4,5})["']?[ \t\r]{0,9}$/gm)].map((
    [, id],
  ) => `https://arxiv.org/abs/${id}`);
  return papers.length === 0 ? undefined : [...new Set(papers)].slice(0, MOST_WORKS).join("; ");
}

/** The fields of each entry, names in small letters. */
function entriesOf(card: string): Map<string, string>[] {
  const entries: Map<string, string>[] = [];
  for (const { index, 0: head } of card.matchAll(/@\w{1,30}\s{0,10}\{[^\s{},]{0,200},/g).take(MOST_ENTRIES)) {
    const body = card.slice(index + head.length, index + LONGEST_ENTRY);
    const end = closing(body, 0);
    if (end !== undefined) entries.push(fieldsOf(body.slice(0, end)));
  }
  return entries;
}

/** Where what begins before `from` ends: the brace that is open there, or with `quote`, the quotation mark outside of braces. */
function closing(text: string, from: number, quote = false): number | undefined {
  let depth = quote ? 0 : 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "{") depth++;
    else if (text[at] === "}") depth--;
    if (quote ? depth === 0 && text[at] === '"' && text[at - 1] !== "\\" : depth === 0) return at;
  }
  return undefined;
}

function fieldsOf(body: string): Map<string, string> {
  const fields = new Map<string, string>();
  const name = /\s*([A-Za-z-]{1,30})\s*=\s*/y;
  const plain = /[^,}]*/y;
  for (let at = 0; at < body.length;) {
    name.lastIndex = at;
    const [matched, field] = name.exec(body) ?? [];
    if (matched === undefined) break;
    at += matched.length;
    let end: number;
    if (body[at] === "{" || body[at] === '"') end = closing(body, at + 1, body[at] === '"') ?? body.length;
    else {
      plain.lastIndex = at;
      end = at + plain.exec(body)![0].length;
    }
    const isQuoted = body[at] === "{" || body[at] === '"';
    fields.set(field.toLowerCase(), textOf(body.slice(isQuoted ? at + 1 : at, end)));
    at = body.indexOf(",", end) < 0 ? body.length : body.indexOf(",", end) + 1;
  }
  return fields;
}

/** A value of BibTeX as text: accents are characters, braces and other commands are left out. */
function textOf(value: string): string {
  return value
    .replace(
      /\\(?:([cvuHkr])(?:\s+|(?=\{))|(['`^"~=.]))\s*\{?\\?(\p{L})\}?/gu,
      (_, named, sign, letter) => `${letter}${ACCENTS[named ?? sign]}`.normalize("NFC"),
    )
    .replace(/\\([&%$#_])/g, "$1")
    .replace(/\\[A-Za-z]+\s*/g, "")
    .replace(/[{}]/g, "")
    .replace(/~|\s+/g, " ")
    .trim();
}

function citationOf(fields: Map<string, string>): string | undefined {
  const title = fields.get("title")?.replaceAll(";", ",");
  const year = /\d{4}/.exec(fields.get("year") ?? fields.get("date") ?? "")?.[0];
  if (!title || year === undefined) return undefined;
  const address = addressOf(fields);
  return [`${authorsOf(fields.get("author"))} (${year})`, title, ...address === undefined ? [] : [address]].join(", ");
}

/** "Hu, Edward J. and Shen, Yelong" → "Edward J. Hu and Yelong Shen". */
function authorsOf(author = ""): string {
  const names = author.split(/ and /).map((name) => {
    const [family, given] = name.split(",").map((part) => part.trim());
    return given === undefined ? family : `${given} ${family}`;
  }).filter((name) => name !== "");
  if (names.length === 0) return "Unknown";
  const others = names.at(-1) === "others" || names.length > MOST_AUTHORS;
  const known = names.filter((name) => name !== "others").slice(0, MOST_AUTHORS);
  if (others) return `${known.join(", ")} et al.`;
  return known.length < 3 ? known.join(" and ") : `${known.slice(0, -1).join(", ")} and ${known.at(-1)}`;
}

function addressOf(fields: Map<string, string>): string | undefined {
  const doi = fields.get("doi")?.replace(/^https?:\/\/(dx\.)?doi\.org\//, "");
  if (doi) return `https://doi.org/${doi}`;
  const arxiv = fields.get("eprint") ?? fields.get("journal");
  const [, id] = /(\d{4}\.\d{4,5})/.exec(arxiv ?? "") ?? [];
  const url = fields.get("url");
  if (id !== undefined) return `https://arxiv.org/abs/${id}`;
  return url !== undefined && /^https?:\/\/[^\s;]{1,300}$/.test(url) ? url : undefined;
}
