/**
 * Batches of what has arrived from a source.
 * @module
 */
import { setImmediate } from "node:timers/promises";

/**
 * The items of a source in batches, without waiting for the source's end: a batch holds what has arrived while the last one
 * was worked on.
 * @param most greatest number of items in a batch; the source is read no further ahead than this
 * @throws what the source throws, after the items that came before
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
      // Until the next turn of the event loop, the source can deliver everything that it has at hand.
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
