/**
 * Reading JSON that people write: comments and commas before a closing bracket are allowed, and faults have a place.
 * @module
 */
import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { shorten } from "./errors.ts";
import { DEEPEST, readText } from "./files.ts";

/** A value, and where its parts stand. */
export interface Placed {
  /** The value. */
  value: unknown;
  /** Where the part at this path begins, or what holds it: "line 3, column 14", both counted from 1. */
  placeOf(path: readonly PropertyKey[]): string;
}

/** What is wrong, by the parser's names of faults. */
const FAULTS: Record<string, string> = {
  InvalidSymbol: "there is a word that JSON does not have",
  InvalidNumberFormat: "a number has another form",
  PropertyNameExpected: "a key in double quotes is missing",
  ValueExpected: "a value is missing",
  ColonExpected: "a colon is missing",
  CommaExpected: "a comma is missing",
  CloseBraceExpected: "a } is missing",
  CloseBracketExpected: "a ] is missing",
  EndOfFileExpected: "there is more after the value",
  InvalidCommentToken: "a comment has another form",
  UnexpectedEndOfComment: "a comment does not end",
  UnexpectedEndOfString: "a text does not end",
  UnexpectedEndOfNumber: "a number does not end",
  InvalidUnicode: "an escape has another form",
  InvalidEscapeCharacter: "an escape has another form",
  InvalidCharacter: "a control character is not escaped",
};

/** Kinds of brackets by the scanner's numbers of tokens (the parser's SyntaxKind, which has no values at run time). */
const OPENING = [1, 3];
const CLOSING = [2, 4];
const END_OF_FILE = 17;

/** The offset of the first bracket that is nested too deep, if there is one. The parser would call itself for each. */
function findTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token = Number(scanner.scan()); token !== END_OF_FILE; token = Number(scanner.scan())) {
    if (OPENING.includes(token) && ++depth > DEEPEST + 1) return scanner.getTokenOffset();
    if (CLOSING.includes(token)) depth--;
  }
}

/** The first key that an object has twice: one of its values would be ignored. */
function findTwice({ type, children = [] }: Node): Node | undefined {
  const keys = new Set<string>();
  for (const child of children) {
    const [key] = child.children ?? [];
    if (type === "object" && key) {
      if (keys.has(key.value)) return key;
      keys.add(key.value);
    }
    const inner = findTwice(child);
    if (inner) return inner;
  }
}

function placeAt(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

/**
 * Reads a file of JSON with comments.
 * @param longest largest size of the file in bytes
 * @throws {Error} as `openFile`, or the first fault and its place, if it is no JSON, nested too deep, or has a key twice
 */
export async function readJsonc(path: string, longest: number): Promise<Placed> {
  // Editors on Windows begin a file with a byte-order mark, which decoding leaves out.
  const text = await readText(path, longest);
  const refuse = (offset: number, fault: string): never => {
    throw new Error(`Cannot read ${path}, ${placeAt(text, offset)}: ${fault}`);
  };
  const tooDeep = findTooDeep(text);
  if (tooDeep !== undefined) refuse(tooDeep, `it must be nested at most ${DEEPEST} deep, it is deeper`);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  for (const { error, offset } of errors) refuse(offset, `it must be JSON, ${FAULTS[printParseErrorCode(error)]}`);
  const twice = findTwice(tree!);
  if (twice) refuse(twice.offset, `a key must be there once, ${shorten(twice.value)} is there twice`);
  const placeOf = (path: readonly PropertyKey[]): string => {
    const node = findNodeAtLocation(tree!, path.filter((key) => typeof key !== "symbol"));
    return node ? placeAt(text, node.offset) : placeOf(path.slice(0, -1));
  };
  return { value: getNodeValue(tree!), placeOf };
}
