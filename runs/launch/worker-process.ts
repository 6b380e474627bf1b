/**
 * The launcher's side of the protocol: one worker process.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readLines } from "../../base/files.ts";
import { kill } from "../../base/kill.ts";
import { lastWords } from "../../base/last-words.ts";
import { permissionFlags, projectFolder } from "../../base/permissions.ts";
import { saidLine } from "../plugins/said.ts";
import { type Reach, workerPermissions } from "./permissions/worker-permissions.ts";
import type { Job, Message, Order } from "./protocol.ts";
import { watch } from "./watchdog-process.ts";

/** Program of the worker processes. */
export const workerEntry: URL = new URL("./worker.ts", import.meta.url);

/**
 * A small heap for new objects, one for others that grows by a third at most before garbage is collected, and that on request: garbage
 * would count as memory of the method, and of a million rows it would take twice the memory of what is kept. So small a heap is collected
 * often, and by one thread: several threads mostly wait for each other.
 */
export const LITTLE_GARBAGE: string =
  "--v8-flags=--max-semi-space-size=2,--no-parallel-scavenge,--heap-growing-percent=30,--expose-gc";

/** Arguments of deno that start a program in the way of a worker; its permissions and the program's path follow them. */
export const workerArguments: readonly string[] = [
  "run",
  "--quiet",
  LITTLE_GARBAGE,
  "--config",
  join(projectFolder, "deno.json"),
];

/** Most characters of a worker's output that are kept, for the file on its failure. */
const LOG_LIMIT = 16_384;

/** Seconds that a worker may take to end once it has been told to. */
const GRACE = 10;

/** How a worker ended. */
export interface WorkerEnd {
  /** Why it failed; undefined where it did its job. */
  reason?: string;
  /** Whether it failed because what was asked is wrong. */
  usage: boolean;
  /** The end of its output, messages excluded. */
  log: string;
}

/** What a worker that trains a cell needs besides. */
export interface WorkerCare {
  /** Removed if this process is ended, once the worker has ended. */
  files?: readonly string[];
  /** Called with the worker's process id. */
  onStart?: (pid: number) => void;
  /** Called with the bytes that it wants to take; resolves when it may. */
  reserve?: (bytes: number) => Promise<void>;
  /** Tells the worker to end; it is killed if it has not within the grace. */
  stop?: AbortSignal;
  /** In seconds. Default: 10. */
  grace?: number;
}

/**
 * Starts a worker and waits for its end.
 * @param entry the worker's program
 * @param signal kills the worker
 * @param onMessage called with each of its messages, except those that are about failures and memory
 */
export async function runWorker(
  job: Job,
  entry: URL,
  signal: AbortSignal,
  onMessage: (message: Exclude<Message, { type: "failed" | "planned" | "reserve" | "said" }>) => void,
  { files = [], onStart = () => {}, reserve = () => Promise.resolve(), stop, grace = GRACE }: WorkerCare = {},
): Promise<WorkerEnd> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...workerArguments, ...permissionFlags(workerPermissions(reachOf(job), entry)), fileURLToPath(entry)],
    // The token of the hub is not for workers, which do not use the network.
    env: { HF_TOKEN: "", NO_COLOR: "1", ...job.mode === "plan" && { HF_HUB_OFFLINE: "1" } },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const unwatch = watch(child.pid, files);
  onStart(child.pid);
  const input = child.stdin.getWriter();
  // A worker may end before it has read its job. Its exit status, below, tells, so the failed write is ignored.
  const tell = (line: Job | Order) =>
    input.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`)).catch(() => {});
  const sent = tell(job);
  const forget = endOn(child, signal, stop, grace, () => tell({ type: "stop" }));
  let reason: string | undefined;
  let usage = false;
  let planned: number | undefined;
  let log = "";
  let complaints = "";
  const keep = (text: string) => {
    log = (log + text).slice(-LOG_LIMIT);
  };
  const [status] = await Promise.all([
    child.status.finally(forget).finally(unwatch),
    (async () => {
      for await (const line of readLines(child.stdout)) {
        const message = parseMessage(line);
        if (!message) keep(`${line}\n`);
        else if (message.type === "failed") ({ reason, usage } = message);
        else if (message.type === "said") {
          const { name, text } = message;
          keep(`${saidLine(name, text)}\n`);
          console.error(saidLine(name, text));
        } else if (message.type === "planned") planned = message.bytes;
        else if (message.type === "reserve") {
          planned = message.bytes;
          reserve(planned).then(() => tell({ type: "room" }));
        } else onMessage(message);
      }
    })(),
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        keep(text);
        complaints = (complaints + text).slice(-LOG_LIMIT);
      }
    })(),
  ]);
  await sent;
  if (!status.success) {
    const wanting = wantOfMemory(status, complaints, planned);
    const end = status.signal ? `was ended by ${status.signal}` : `ended with status ${status.code}`;
    // Which of the two streams arrives last is a matter of chance; why a program ends is told on standard error.
    reason ??= wanting ?? `the worker ${end}: ${lastWords(complaints) ?? lastWords(log) ?? "it said nothing"}`;
  }
  return { reason, usage, log };
}

/** What a job names. */
function reachOf(job: Job): Reach {
  switch (job.mode) {
    case "run":
    case "control":
      return { places: [job], out: job.out, computes: true };
    case "estimate":
      return { places: job.cells, computes: true };
    case "look":
      return { places: [...job.models, ...job.models.flatMap(({ settings }) => settings), job], computes: false };
    case "inspect":
      return { places: [], computes: true };
    case "plan":
      return { places: [job], reads: job.reads, computes: false };
    case "list":
      return { places: [job], computes: false };
    case "check":
      return { places: [job], computes: true };
  }
}

/**
 * Kills a worker on `signal`, and on `stop` if it has not ended by itself within the grace.
 * @param ask tells it to end
 * @returns to be called when it has ended
 */
function endOn(
  child: Deno.ChildProcess,
  signal: AbortSignal,
  stop: AbortSignal | undefined,
  grace: number,
  ask: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => kill(child);
  const stopSoon = () => {
    ask();
    timer = setTimeout(end, 1000 * grace);
  };
  signal.addEventListener("abort", end);
  stop?.addEventListener("abort", stopSoon);
  if (signal.aborted) end();
  else if (stop?.aborted) stopSoon();
  return () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    stop?.removeEventListener("abort", stopSoon);
  };
}

/**
 * The reason of an end for want of memory: the system's choice, or that of V8, whose last words are a stack of addresses.
 * @param planned bytes that the worker was to take, if it has said so
 */
function wantOfMemory({ signal }: Deno.CommandStatus, complaints: string, planned?: number): string | undefined {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const free = () =>
    (planned === undefined ? "" : `planned ${gib(planned)}, `) +
    `${gib(Deno.systemMemoryInfo().available)} are free without it`;
  if (complaints.includes("JavaScript out of memory")) {
    return `the worker ended for want of memory: its JavaScript heap was full, ${free()}`;
  }
  if (signal !== "SIGKILL") return undefined;
  return `the worker was ended by SIGKILL, most likely for want of memory: ${free()}`;
}

/** The message in a line; undefined for any other line, as libraries print to standard output too. */
function parseMessage(line: string): Message | undefined {
  if (!line.startsWith('{"type":')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
