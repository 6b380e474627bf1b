/**
 * Collecting garbage on request.
 *
 * The garbage collector looks at the size of JavaScript's own heap, and hardly at buffers outside it. Without a
 * request, a process grows by unused buffers of many megabytes. Deno collects on request if it runs with
 * `--v8-flags=--expose-gc`, as the workers of `bench` do; otherwise this does nothing.
 * @module
 */

/**
 * Frees unused buffers.
 * @param which "minor" frees those made since the last collection, in half a millisecond; "major" frees all, in tens of
 * milliseconds
 */
export function collectGarbage(which: "minor" | "major"): void {
  const { gc } = globalThis as { gc?: (options: { type: string }) => void };
  gc?.({ type: which });
}
