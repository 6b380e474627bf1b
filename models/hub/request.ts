/**
 * Requests to the hub: the token goes to its endpoint alone, what fails for a while is tried again, what stalls is given up.
 * @module
 */
import { HubRefusal } from "./name.ts";

/** How long is waited for a server, in milliseconds and bytes. */
export interface Patience {
  /** Tries of a request, at most. */
  attempts: number;
  /** Tries of a request that reaches no server, at most. */
  connections: number;
  /** Pause before the second try; each further one is twice as long. */
  pause: number;
  /** Longest pause, also where the server asks for one. */
  longestPause: number;
  /** Time in which an answer must begin, and in which `stallBytes` of it must come. */
  stall: number;
  /** Bytes that must come in the time `stall`. */
  stallBytes: number;
  /** A try that brought so many bytes is none that failed. */
  progressBytes: number;
}

/** What is waited for outside of tests: a kilobyte a second. */
export const PATIENCE: Patience = {
  attempts: 5,
  connections: 2,
  pause: 1000,
  longestPause: 120_000,
  stall: 30_000,
  stallBytes: 30_000,
  progressBytes: 1 << 24,
};

/** Most redirects of a request. */
const MOST_REDIRECTS = 10;
/** Bytes of the longest answer that is kept in memory. */
const LONGEST_ANSWER = 1 << 26;

/** Where the hub is, and who asks. */
export interface Hub {
  /** Without a slash at the end. */
  endpoint: string;
  /** Goes to the endpoint and to no other server. */
  token?: string;
}

/**
 * The hub that the environment names: HF_ENDPOINT and HF_TOKEN.
 * @throws {HubRefusal} if the endpoint is no address
 */
export function readHub(): Hub {
  const endpoint = (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new HubRefusal(`Cannot use HF_ENDPOINT: it must be an address like https://…, current value is ${endpoint}`);
  }
  const token = Deno.env.get("HF_TOKEN")?.trim();
  return { endpoint, ...token && { token } };
}

/** A request that failed. */
export class HubError extends Error {
  /** Name of the error. */
  override name = "HubError";
  /** Status that the server answered with; absent where there was no answer. */
  readonly status?: number;
  /** The hub's own word for it: "RevisionNotFound". */
  readonly code?: string;
  /** Milliseconds that the server asks to wait. */
  readonly wait?: number;
  /** Bytes that came before it failed; absent where no server was reached. */
  readonly received?: number;

  /** A request that failed, with what is known of the failure. */
  constructor(message: string, known: Partial<Pick<HubError, "status" | "code" | "wait" | "received">> = {}) {
    super(message);
    Object.assign(this, known);
  }

  /** No server was reached. */
  get unreachable(): boolean {
    return this.status === undefined && this.received === undefined;
  }

  /** The same request may succeed later. */
  get passes(): boolean {
    return this.status === undefined || this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** Milliseconds of a Retry-After: seconds or a date. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Tries again what passes, with longer and longer pauses. */
export async function retrying<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  let failed = 0;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HubError) || !error.passes) throw error;
      if ((error.received ?? 0) >= patience.progressBytes) failed = 0;
      failed++;
      const wait = error.wait ?? Math.min(patience.longestPause, patience.pause * 2 ** (failed - 1));
      if (failed >= (error.unreachable ? patience.connections : patience.attempts) || wait > patience.longestPause) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Waits, but not longer than some milliseconds. */
async function within<T>(milliseconds: number, work: Promise<T>, late: () => HubError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => timer = setTimeout(() => reject(late()), milliseconds));
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** Host and path: what follows may be signed, and is nobody's business. */
function shown({ origin, pathname }: URL): string {
  return origin + pathname;
}

/**
 * One request; follows redirects.
 * @throws {HubError} if there is no answer, or one that is no success
 */
export async function request(hub: Hub, url: string, headers: HeadersInit, { stall }: Patience): Promise<Response> {
  const { origin } = new URL(hub.endpoint);
  let target = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const own = new Headers(headers);
    // Ranges and sizes are those of the file, not of a compressed answer.
    own.set("accept-encoding", "identity");
    own.delete("authorization");
    if (hub.token && target.origin === origin) own.set("authorization", `Bearer ${hub.token}`);
    const given = new AbortController();
    const answer = fetch(target, { headers: own, redirect: "manual", signal: given.signal }).catch((error) => {
      throw new HubError(`${target.host} cannot be reached (${reasonOf(error)})`);
    });
    const response = await within(stall, answer, () => {
      given.abort();
      return new HubError(`${target.host} does not answer`);
    });
    const { status } = response;
    const location = response.headers.get("location");
    if ([301, 302, 303, 307, 308].includes(status) && location !== null) {
      await response.body?.cancel();
      const next = URL.parse(location, target);
      if (!/^https?:$/.test(next?.protocol ?? "")) {
        throw new HubError(`${shown(target)} leads to no address`, { status });
      }
      target = next!;
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw new HubError(`${shown(target)} answers ${status}`, {
      status,
      code: response.headers.get("x-error-code") ?? undefined,
      wait: waitOf(response.headers.get("retry-after")),
    });
  }
  throw new HubError(`${shown(target)} leads from address to address`, { status: 310 });
}

/** Why a request failed, as short as it is known. */
function reasonOf(error: Error): string {
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message.split(": ").at(-1)!;
}

/**
 * The bytes of an answer as they come.
 * @throws {HubError} if the connection is cut or brings too little
 */
export async function* readBody(
  response: Response,
  { stall, stallBytes }: Patience,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let received = 0;
  let [left, missing] = [stall, stallBytes];
  const fail = (what: string) => new HubError(`the connection ${what} after ${received} bytes`, { received });
  try {
    while (true) {
      const asked = performance.now();
      const read = reader.read().catch((): never => {
        throw fail("was cut");
      });
      const { done, value } = await within(left, read, () => fail("stalled"));
      if (done) return;
      received += value.length;
      missing -= value.length;
      // Time in which the bytes are written is not the server's.
      left -= performance.now() - asked;
      if (missing <= 0) [left, missing] = [stall, stallBytes];
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** `fetch` for the hub's own library: with the token, retried, complete before it returns. */
export function apiFetch(hub: Hub, patience: Patience): typeof fetch {
  return (input, init) =>
    retrying(patience, async () => {
      const response = await request(hub, String(input), init?.headers ?? {}, patience);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let length = 0;
      for await (const chunk of readBody(response, patience)) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LONGEST_ANSWER) throw new Error(`Cannot read ${input}: the answer must be shorter`);
      }
      return new Response(new Blob(chunks), { status: response.status, headers: response.headers });
    });
}
