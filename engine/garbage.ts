/**
 * Memory that JavaScript no longer uses.
 *
 * The garbage collector counts its own heap, and hardly the buffers outside it: without a word from here, a process
 * grows by buffers of many megabytes that nobody reads. Deno collects on request if it runs with `--v8-flags=--expose-gc`
 * (workers of `bench` do); without, nothing happens here.
 * @module
 */

/**
 * Frees unused buffers.
 * @param which "minor": those made since the last time, in half a millisecond; "major": all, in tens of milliseconds
 */
export function collectGarbage(which: "minor" | "major"): void {
  const { gc } = globalThis as { gc?: (options: { type: string }) => void };
  gc?.({ type: which });
}
