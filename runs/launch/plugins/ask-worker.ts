/**
 * Has a worker answer what only the code of plug-ins knows.
 * @module
 */
import { UsageError } from "../../../base/errors.ts";
import { failureOf } from "../../plugins/failure.ts";
import type { Message, PluginJob } from "../protocol.ts";
import { runWorker, workerEntry } from "../worker-process.ts";

/** Seconds in which plug-ins must be loaded. */
const LOADING = 60;

/**
 * Asks a worker.
 * @param onMessage called with each of its messages
 * @throws {UsageError} if a plug-in cannot be used, or what is asked is wrong
 * @throws {Error} if the worker ended without a complete answer
 */
export async function askWorker(job: PluginJob, onMessage: (message: Message) => void): Promise<void> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), 1000 * LOADING);
  let isLoaded = false;
  let isAnswered = false;
  const { reason, usage } = await runWorker(job, workerEntry, limit.signal, (message) => {
    if (message.type === "loaded") {
      clearTimeout(timer);
      isLoaded = true;
    }
    isAnswered ||= message.type === "answered";
    onMessage(message);
  });
  clearTimeout(timer);
  const say = (message: string) => failureOf(message, job.plugins);
  if (limit.signal.aborted) throw new UsageError(say(`it must load within ${LOADING} s, it takes longer`));
  if (reason !== undefined) throw usage ? new UsageError(reason) : new Error(say(reason));
  if (isAnswered) return;
  const when = isLoaded ? "before it had answered" : "while it was loaded";
  throw new UsageError(say(`it must not end its process, which ended ${when}`));
}
