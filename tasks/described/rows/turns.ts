/**
 * Turns of dialogues.
 * @module
 */

/** A speaker's name as lists of speaker and text have it, and as texts have it. */
const LISTED_SPEAKER = /^(\S{1,40}) : /;
const SPEAKER = /^(\S{1,40}): /;

/** The turns of a cell: the parts of a list, or the lines of a text. In each, white space is one space; empty ones are left out. */
export function turnsOf(cell: string | readonly string[]): string[] {
  const turns = typeof cell === "string" ? cell.split("\n") : cell.map((turn) => turn.replace(LISTED_SPEAKER, "$1: "));
  return turns.map((turn) => turn.replace(/\s+/g, " ").trim()).filter((turn) => turn !== "");
}

/** A turn that answers those before it. */
export interface Response {
  /** Its number in the dialogue, from 1. */
  turn: number;
  /** The turns before it, one a line. */
  text: string;
  /** What is said in it. */
  answer: string;
}

/**
 * The turns of a dialogue that answer others.
 * @param speaker whose turns; left out: each but the first. His name is no part of the answer
 */
export function responsesOf(turns: readonly string[], speaker?: string): Response[] {
  return turns.flatMap((turn, at) => {
    if (at === 0 || speaker !== undefined && !turn.startsWith(`${speaker}: `)) return [];
    const answer = speaker === undefined ? turn : turn.slice(speaker.length + 2);
    return [{ turn: at + 1, text: turns.slice(0, at).join("\n"), answer }];
  });
}

/** The names of speakers with which turns begin, each once. */
export function speakersOf(turns: readonly string[]): string[] {
  return [...new Set(turns.flatMap((turn) => SPEAKER.exec(turn)?.[1] ?? []))];
}
