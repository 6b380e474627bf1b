/**
 * The nearest valid name, for errors about unknown ones.
 * @module
 */

/**
 * The candidate with the fewest insertions, deletions and replacements from `name` (Levenshtein, 1966), the first of
 * equals. A candidate that begins with the name counts as one edit away: "prefix" means "prefix-tuning", not "lora".
 */
export function nearest(name: string, candidates: Iterable<string>): string {
  let best = "";
  let least = Infinity;
  for (const candidate of candidates) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

function distance(a: string, b: string): number {
  if (b !== a && b.startsWith(a)) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
