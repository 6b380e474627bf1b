/**
 * HTML from any text.
 * @module
 */
import { createHash } from "node:crypto";
import { showName } from "../figures/style.ts";

/**
 * A text as HTML shows it: one line, without a character that has a meaning in HTML.
 * @param most characters after which it is cut
 */
export function text(value: string, most = 300): string {
  return showName(value, most).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that can stand in an element `script`: nothing in it ends the element. */
export function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The hash by which a Content-Security-Policy allows a script or a style. */
export function policyHash(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
