/**
 * Pages of the documentation, taken apart.
 * @module
 */
import { fileURLToPath } from "node:url";
import { listPages, readPage } from "../../docs/generate.ts";

/** The repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A block of code of a page. */
export interface Block {
  /** Of its fence: "sh". */
  language: string;
  /** Name of the file that it shows: a line of its own above it, in code marks. */
  file?: string;
  /** What stands between the fences. */
  code: string;
}

/** A page. */
export interface Page {
  /** From the root: "docs/methods.md". */
  path: string;
  /** Everything. */
  text: string;
  /** Everything but blocks of code. */
  prose: string;
  /** In their order. */
  blocks: Block[];
  /** Anchors of its headings, as GitHub makes them. */
  anchors: Set<string>;
}

const FENCED = /(?:^`(\S+)`\n\n)?^```(\w+)\n(.*?)^```$/gms;

function takeApart(path: string, text: string): Page {
  const blocks = [...text.matchAll(FENCED)].map(([, file, language, code]) => ({ file, language, code }));
  const prose = text.replace(FENCED, "");
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  return { path, text, prose, blocks, anchors: new Set(headings.map(anchorOf)) };
}

/** A heading's anchor: lower case, no punctuation, hyphens for spaces. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** Every page by its path. */
export const pages: ReadonlyMap<string, Page> = new Map(
  await Promise.all(
    (await listPages()).map(async (path) => [path, takeApart(path, await readPage(path))] as const),
  ),
);

/** The blocks of every page in one language. */
export function blocksIn(language: string): (Block & { page: string })[] {
  return [...pages.values()].flatMap(({ path, blocks }) =>
    blocks.filter((block) => block.language === language).map((block) => ({ ...block, page: path }))
  );
}

/** What a page says in code marks. */
export function codeMarks(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, marked]) => marked);
}

/**
 * Rows of a page's table whose first column has that title; a | inside a cell is none of its edges.
 * @param heading the table stands below it
 */
export function tableOf(path: string, title: string, heading = ""): string[][] {
  const { text } = pages.get(path)!;
  const lines = text.slice(text.indexOf(`\n## ${heading}`)).split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${title} `));
  if (first < 0) throw new Error(`${path} must have a table of ${title}`);
  const rows = lines.slice(first + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}
