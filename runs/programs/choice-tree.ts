/**
 * A text and its choices as one tree of tokens: the text is computed once, and so is what choices begin with.
 * @module
 */
import type { Encoding } from "../../models/types.ts";

/** A text's token ids, with those of its choices behind them in the order of a walk that takes each branch to its end. */
export interface ChoiceEncoding extends Encoding {
  /** Of each token, the place of the token before it on its way from the text's first, which is its own. */
  readonly parents: readonly number[];
  /** Of each token, the place of the last one that is behind it. */
  readonly until: readonly number[];
  /** Number of tokens that lead to each. */
  readonly positions: readonly number[];
  /** Place of each choice's last token, which no other choice shares. */
  readonly ends: readonly number[];
  /** Number of tokens of the text. */
  readonly textLength: number;
}

/** A token of choices. */
interface Node {
  token: number;
  /** The choice that ends with it. */
  choice?: number;
  next: Node[];
}

/** @throws {Error} if a choice has no token */
function branchesOf(choices: readonly (readonly number[])[]): Node[] {
  const roots: Node[] = [];
  for (const [choice, tokens] of choices.entries()) {
    if (tokens.length === 0) throw new Error("Cannot score choices: each must have a token, one has none");
    let siblings = roots;
    for (const token of tokens.slice(0, -1)) {
      let node = siblings.find((one) => one.token === token && one.choice === undefined);
      if (!node) siblings.push(node = { token, next: [] });
      siblings = node.next;
    }
    siblings.push({ token: tokens.at(-1)!, choice, next: [] });
  }
  return roots;
}

/**
 * Joins a text and its choices.
 * @throws {Error} if the text or a choice has no token
 */
export function choiceTree(text: readonly number[], choices: readonly (readonly number[])[]): ChoiceEncoding {
  if (text.length === 0) throw new Error("Cannot score choices: a text must have a token before them, it has none");
  const [ids, positions] = [[...text], [...text.keys()]];
  const parents = positions.map((at) => Math.max(0, at - 1));
  const [until, ends]: number[][] = [[], []];
  const walk = (nodes: readonly Node[], parent: number) => {
    for (const { token, choice, next } of nodes) {
      const place = ids.push(token) - 1;
      parents.push(parent);
      positions.push(positions[parent] + 1);
      if (choice !== undefined) ends[choice] = place;
      walk(next, place);
      until[place] = ids.length - 1;
    }
  };
  walk(branchesOf(choices), text.length - 1);
  until.fill(ids.length - 1, 0, text.length);
  return Object.assign(ids, { parents, until, positions, ends, textLength: text.length });
}
