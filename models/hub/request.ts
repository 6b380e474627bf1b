/**
 * Requests to the hub. The token is sent to its endpoint alone, temporary failures are retried, and a connection that stalls
 * counts as failed.
 * @module
 */
import { HubRefusal } from "./name.ts";

/** How failed requests are retried, and when a slow one has failed. Times are in milliseconds. */
export interface RetryPolicy {
  /** Most attempts of a request. */
  attempts: number;
  /** Most attempts of a request that reaches no server. */
  connections: number;
  /** Pause before the second attempt; each later pause is twice as long as the one before. */
  pause: number;
  /** Longest pause. If the server asks for a longer one, the request fails. */
  longestPause: number;
  /** Time in which an answer must begin, and in which each `stallBytes` of it must arrive. */
  stall: number;
  /** Bytes that must arrive in the time `stall`. */
  stallBytes: number;
  /** A failed attempt that brought at least so many bytes resets the count of attempts. */
  progressBytes: number;
}

/** The policy of the program: at least a kilobyte a second. */
export const DEFAULT_RETRY: RetryPolicy = {
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
/** Bytes of the longest answer of the hub's API. */
const LONGEST_ANSWER = 1 << 26;

/** Most answers to one question: a list of 100,000 files comes in pages of 1000. */
const MOST_ANSWERS = 200;

/** Address of the hub, and the user's token. */
export interface Hub {
  /** Address, without a slash at the end. */
  endpoint: string;
  /** Token, sent to the endpoint and to no other server. */
  token?: string;
}

/**
 * The hub that HF_ENDPOINT and HF_TOKEN name.
 * @throws {HubRefusal} if the endpoint is not an address or the token is not one word; the token stands in no message
 */
export function readHub(): Hub {
  const endpoint = (Deno.env.get("HF_ENDPOINT") || "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new HubRefusal(`Cannot use HF_ENDPOINT: it must be an address like https://…, current value is ${endpoint}`);
  }
  const token = Deno.env.get("HF_TOKEN")?.trim();
  // The error of a request with such a header would show it.
  if (token && !/^[!-~]+$/.test(token)) {
    throw new HubRefusal("Cannot use HF_TOKEN: it must be one word of ASCII characters, the current value is not");
  }
  return { endpoint, ...token && { token } };
}

/** The hosts to which a hub leads: its own, and those from which Hugging Face's hub sends files. */
export function hubHosts(): string[] {
  return [...new Set([new URL(readHub().endpoint).hostname, "huggingface.co", "*.huggingface.co", "*.hf.co"])];
}

/** A request that failed. */
export class HubError extends Error {
  /** Name of the error. */
  override name = "HubError";
  /** HTTP status of the answer; absent: no answer. */
  readonly status?: number;
  /** The hub's error code: "RevisionNotFound". */
  readonly code?: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number;
  /** Bytes that arrived before it failed; absent: no server was reached. */
  readonly received?: number;

  /** Creates the error with what is known of the failure. */
  constructor(message: string, known: Partial<Pick<HubError, "status" | "code" | "retryAfter" | "received">> = {}) {
    super(message);
    Object.assign(this, known);
  }

  /** Whether no server was reached. */
  get unreachable(): boolean {
    return this.status === undefined && this.received === undefined;
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return this.status === undefined || this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** Milliseconds of a Retry-After header, which holds seconds or a date. */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Runs `work` until it succeeds, with longer and longer pauses; only temporary failures are retried. */
export async function retrying<T>(policy: RetryPolicy, work: () => Promise<T>): Promise<T> {
  let failed = 0;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HubError) || !error.temporary) throw error;
      if ((error.received ?? 0) >= policy.progressBytes) failed = 0;
      failed++;
      const wait = error.retryAfter ?? Math.min(policy.longestPause, policy.pause * 2 ** (failed - 1));
      if (failed >= (error.unreachable ? policy.connections : policy.attempts) || wait > policy.longestPause) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** The result of `work`, or the error `late` if it takes longer than that time. */
async function within<T>(milliseconds: number, work: Promise<T>, late: () => HubError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => timer = setTimeout(() => reject(late()), milliseconds));
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** An address in messages, without its query, which may hold a signature. */
function showUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

/**
 * Makes one request, and follows redirects.
 * @throws {HubError} if there is no answer, or if it is not a success
 */
export async function request(hub: Hub, url: string, headers: HeadersInit, { stall }: RetryPolicy): Promise<Response> {
  const { origin } = new URL(hub.endpoint);
  let target = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const sent = new Headers(headers);
    // Ranges and sizes must be those of the file, not of a compressed answer.
    sent.set("accept-encoding", "identity");
    sent.delete("authorization");
    if (hub.token && target.origin === origin) sent.set("authorization", `Bearer ${hub.token}`);
    const controller = new AbortController();
    const answer = fetch(target, { headers: sent, redirect: "manual", signal: controller.signal }).catch((error) => {
      if (error instanceof Deno.errors.NotCapable) {
        throw new HubError(`${showUrl(new URL(url))} leads to ${target.host}, which is no host of the hub`, {
          status: 310,
        });
      }
      throw new HubError(`${target.host} cannot be reached (${reasonOf(error)})`);
    });
    const response = await within(stall, answer, () => {
      controller.abort();
      return new HubError(`${target.host} does not answer`);
    });
    const { status } = response;
    const location = response.headers.get("location");
    if ([301, 302, 303, 307, 308].includes(status) && location !== null) {
      await response.body?.cancel();
      const next = URL.parse(location, target);
      if (!/^https?:$/.test(next?.protocol ?? "")) {
        throw new HubError(`${showUrl(target)} leads to no address`, { status });
      }
      target = next!;
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw new HubError(`${showUrl(target)} answers ${status}`, {
      status,
      code: response.headers.get("x-error-code") ?? undefined,
      retryAfter: parseRetryAfter(response.headers.get("retry-after")),
    });
  }
  throw new HubError(`${showUrl(target)} leads from address to address`, { status: 310 });
}

/** The innermost reason of a failed request. */
function reasonOf(error: Error): string {
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message.split(": ").at(-1)!;
}

/**
 * The bytes of an answer as they arrive.
 * @throws {HubError} if the connection is cut, or brings too few bytes in a time
 */
export async function* readBody(
  response: Response,
  { stall, stallBytes }: RetryPolicy,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let received = 0;
  let [left, missing] = [stall, stallBytes];
  const fail = (what: string) => new HubError(`the connection ${what} after ${received} bytes`, { received });
  try {
    while (true) {
      const started = performance.now();
      const read = reader.read().catch((): never => {
        throw fail("was cut");
      });
      const { done, value } = await within(left, read, () => fail("stalled"));
      if (done) return;
      received += value.length;
      missing -= value.length;
      // The time in which the caller writes the bytes does not count against the server.
      left -= performance.now() - started;
      if (missing <= 0) [left, missing] = [stall, stallBytes];
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** `fetch` for Hugging Face's library: sends the token, retries, and returns when the whole answer is there. */
export function apiFetch(hub: Hub, policy: RetryPolicy): typeof fetch {
  let answers = 0;
  return (input, init) => {
    if (++answers > MOST_ANSWERS) {
      throw new Error(
        `Cannot read ${showUrl(new URL(String(input)))}: its list must have at most ${MOST_ANSWERS} pages, it has more`,
      );
    }
    return retrying(policy, async () => {
      const response = await request(hub, String(input), init?.headers ?? {}, policy);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let length = 0;
      for await (const chunk of readBody(response, policy)) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LONGEST_ANSWER) throw new Error(`Cannot read ${input}: the answer must be shorter`);
      }
      return new Response(new Blob(chunks), { status: response.status, headers: response.headers });
    });
  };
}
