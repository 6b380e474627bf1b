/**
 * What has arrived, in batches.
 * @module
 */
import { setImmediate } from "node:timers/promises";

/**
 * Items of a source as they come: whatever has arrived while the last batch was worked on is the next, and nothing waits
 * for the source's end.
 * @param most items of a batch; the source is not read further ahead than this
 * @throws what the source throws, after the items before it
 */
export async function* queueBatches<T>(source: Iterable<T> | AsyncIterable<T>, most: number): AsyncGenerator<T[]> {
  const waiting: T[] = [];
  let state: { ended: boolean; error?: unknown } = { ended: false };
  let onChange = () => {};
  const change = () => new Promise<void>((resolve) => onChange = resolve);
  (async () => {
    try {
      for await (const item of source) {
        waiting.push(item);
        onChange();
        while (waiting.length >= most && !state.ended) await change();
        if (state.ended) return;
      }
      state = { ended: true };
    } catch (error) {
      state = { ended: true, error };
    }
    onChange();
  })();
  try {
    for (;;) {
      // What the source has at hand comes before the next turn of the event loop.
      await setImmediate();
      if (waiting.length > 0) {
        const batch = waiting.splice(0, most);
        onChange();
        yield batch;
      } else if (state.ended) {
        if (state.error !== undefined) throw state.error;
        return;
      } else await change();
    }
  } finally {
    state = { ended: true };
    onChange();
  }
}
