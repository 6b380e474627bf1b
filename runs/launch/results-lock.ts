/**
 * The lock of a results folder. It keeps nobody out: two benches leave whole records, but may train a cell twice.
 * @module
 */

/** What is known of the lock; disposing of it gives it back. */
export interface ResultsLock extends AsyncDisposable {
  /** The process id of the bench that holds it; absent: this one does. */
  other?: string;
}

/** Takes the lock if it is free. The system releases it when the process that holds it ends, however that ends. */
export async function lockResults(out: string): Promise<ResultsLock> {
  const path = `${out}/bench.lock`;
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!await file.tryLock(true)) {
    file.close();
    // On Windows the lock keeps others from reading, too.
    const other = await Deno.readTextFile(path).catch(() => "");
    return { other: other.trim() || "unknown", [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return {
    async [Symbol.asyncDispose]() {
      file.close();
      await Deno.remove(path).catch((error) => {
        // The folder itself may have been removed.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
  };
}
