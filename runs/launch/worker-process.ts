/**
 * The launcher's side of the protocol: one worker process.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readLines } from "../../base/files.ts";
import type { Job, Message } from "./protocol.ts";

/** Where workers start; their permissions are those of the set "worker". */
export const workerEntry: URL = new URL("./worker.ts", import.meta.url);

/** Arguments of deno that start a program as workers are started, to be followed by its path. */
export const workerArguments: readonly string[] = [
  "run",
  "--quiet",
  // Little room for garbage, and its collection on request: what V8 keeps for later would count as the method's memory.
  "--v8-flags=--max-semi-space-size=2,--expose-gc",
  "-P=worker",
  "--config",
  fileURLToPath(new URL("../../deno.json", import.meta.url)),
];

/** Bytes of what a worker prints that are kept, for the record of its failure. */
const LOG_LIMIT = 16_384;

/** How a worker ended. */
export interface WorkerEnd {
  /** Why it failed; undefined where it did what it was told. */
  reason?: string;
  /** The end of what it printed. */
  log: string;
}

/**
 * Starts a worker and waits for its end.
 * @param signal kills it
 * @param onMessage told what it says, failures excepted
 */
export async function runWorker(
  job: Job,
  entry: URL,
  signal: AbortSignal,
  onMessage: (message: Exclude<Message, { type: "failed" }>) => void,
): Promise<WorkerEnd> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...workerArguments, fileURLToPath(entry)],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  if (signal.aborted) kill();

  const input = child.stdin.getWriter();
  // A worker that is gone before it has read its job says so by its exit status, below.
  const sent = input.write(new TextEncoder().encode(`${JSON.stringify(job)}\n`)).catch(() => {});
  let reason: string | undefined;
  let log = "";
  const keep = (text: string) => {
    log = (log + text).slice(-LOG_LIMIT);
  };
  const [status] = await Promise.all([
    child.status.finally(() => signal.removeEventListener("abort", kill)),
    (async () => {
      for await (const line of readLines(child.stdout)) {
        const message = parseMessage(line);
        if (!message) keep(`${line}\n`);
        else if (message.type === "failed") reason = message.reason;
        else onMessage(message);
      }
    })(),
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) keep(text);
    })(),
  ]);
  await sent;
  if (!status.success) {
    const end = status.signal ? `was ended by ${status.signal}` : `ended with status ${status.code}`;
    reason ??= `the worker ${end}: ${log.trim().split("\n").at(-1) || "it said nothing"}`;
  }
  return { reason, log };
}

/** Libraries print to standard output too. */
function parseMessage(line: string): Message | undefined {
  if (!line.startsWith('{"type":')) return undefined;
  return JSON.parse(line);
}
