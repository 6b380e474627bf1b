/**
 * What went wrong in the code of plug-ins, in a sentence that names their files.
 * @module
 */
import { placeIn } from "./said.ts";
import type { PluginPaths } from "./types.ts";

/** What a plug-in may not do. */
const RULE = "it must read nothing but what it imports, write nothing outside, start nothing and reach no network";

/** Which access a message of Deno's says was refused: "it asks for net access to …"; undefined for any other message. */
function accessIn(message: string): string | undefined {
  const [, kind, what] = /Requires (\w+) access(?: to (.*?))?,/.exec(message) ?? [];
  return kind && `it asks for ${kind} access${what === undefined ? "" : ` to ${what}`}`;
}

/** A rule that a plug-in has broken by a message of its code. @param otherwise the rule where it asked for no access that it must not have */
export function brokenRule(message: string, otherwise: string): string {
  const access = accessIn(message);
  return access ? `${RULE}, ${access}` : otherwise;
}

/**
 * A message from where plug-ins were at work, as a sentence: one that is a sentence of its own stays as it is.
 * @param stack of the error: where the code of a plug-in is in it, file and line are said
 */
export function failureOf(message: string, plugins: PluginPaths, stack?: string): string {
  const place = placeIn(stack, plugins);
  const names = place?.name ?? Object.values(plugins).map(({ name }) => name).join(", ");
  if (names === "" || /^Cannot [^:]+: /.test(message)) return message;
  return `Cannot use ${names}: ${brokenRule(message, message)}${place ? `, in ${place.line}` : ""}`;
}
