/**
 * What plug-ins print: it goes to whoever started them, with their names, as standard output is for answers and messages.
 * @module
 */
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { shorten } from "../../base/errors.ts";
import type { PluginPaths } from "./types.ts";

/** Says what a plug-in of a name has printed. */
export type Say = (name: string, text: string) => void;

/** What a plug-in has printed, as one line for a terminal. */
export function saidLine(name: string, text: string): string {
  return `${shorten(name)}: ${shorten(text, LONGEST)}`;
}

/** Characters of a text that are said. */
const LONGEST = 1000;

/** Methods of the console that print. */
const PRINTING = ["debug", "info", "log", "warn", "error"] as const;

/** Calls that are looked back on: tensor operations lie between a hook and what fails in it. */
const CALLS = 60;

/** A place in the code of a plug-in. */
export interface Place {
  /** The plug-in's name. */
  name: string;
  /** The file, and the line in it: "/home/me/own.ts, line 12". */
  line: string;
}

/** The innermost call of plug-ins in a stack; undefined if none is in it. */
export function placeIn(stack: string | undefined, plugins: PluginPaths): Place | undefined {
  const names = new Map(
    Object.values(plugins).flatMap(({ name, files }) =>
      files.map((file) => [pathToFileURL(file).href, { name, file }] as const)
    ),
  );
  for (const [, href, line] of (stack ?? "").matchAll(/(file:[^\s()]+?):(\d+):\d+/g)) {
    const found = names.get(href);
    if (found) return { name: found.name, line: `${found.file}, line ${line}` };
  }
}

/** Has what the code of plug-ins prints on the console said elsewhere; of errors, more calls are known from now on. */
export function hear(plugins: PluginPaths, say: Say): void {
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, CALLS);
  for (const method of PRINTING) {
    const print = console[method];
    console[method] = (...values: unknown[]) => {
      const place = placeIn(new Error().stack, plugins);
      if (place) say(place.name, format(...values));
      else print(...values);
    };
  }
}
