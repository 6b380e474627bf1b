/**
 * A small hub on this machine: a server with the API and small files, and a second one that large files are redirected to.
 * @module
 */
import { createHash } from "node:crypto";

/** A commit's files: bytes by path. */
export type HubFiles = Record<string, Uint8Array<ArrayBuffer>>;

/** A request that a server was asked. */
export interface Asked {
  server: "hub" | "cdn";
  path: string;
  token: string | null;
  range: string | null;
}

/** The hub. Change a member to change how it behaves. */
export interface LocalHub {
  /** Address of the API. */
  endpoint: string;
  /** Repositories: kind and name, "models/org/name" → revision → commit → files. */
  repositories: Record<string, { refs: Record<string, string>; commits: Record<string, HubFiles> }>;
  /** All requests so far. */
  asked: Asked[];
  /** Bytes of files sent so far. */
  sent: number;
  /** Answers instead of the servers. */
  intercept?: (asked: Asked) => Response | undefined;
  /** Changes the body of a file. */
  body?: (bytes: Uint8Array<ArrayBuffer>, asked: Asked) => ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  /** Paths of further entries of listings. */
  extra: string[];
  /** Whether a file counts as large: listings have the SHA-256 of large files. */
  isLarge: (path: string) => boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

/** SHA-256 in hexadecimal. */
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** Git's name of a file's content. */
export const gitHash = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A name in the form of a commit. */
export const commitOf = (text: string): string => createHash("sha1").update(text).digest("hex");

/**
 * A body in pieces of `piece` bytes every `every` milliseconds; cut at one position, or stalled for ever at another.
 * `onPiece` is called before each.
 */
export function slowly(
  bytes: Uint8Array<ArrayBuffer>,
  { piece, every, cutAt = Infinity, stallAt = Infinity, onPiece = () => {} }: {
    piece: number;
    every: number;
    cutAt?: number;
    stallAt?: number;
    onPiece?(): void;
  },
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at >= stallAt) return await new Promise(() => {});
      if (at >= cutAt) return controller.error(new Error("cut"));
      await new Promise((resolve) => setTimeout(resolve, every));
      onPiece();
      const next = Math.min(at + piece, bytes.length, cutAt, stallAt);
      controller.enqueue(bytes.slice(at, next));
      at = next;
      if (at === bytes.length) controller.close();
    },
  });
}

/** Writes down what a server is asked. */
function note(hub: LocalHub, server: Asked["server"], request: Request): Asked {
  const asked = {
    server,
    path: decodeURIComponent(new URL(request.url).pathname),
    token: request.headers.get("authorization"),
    range: request.headers.get("range"),
  };
  hub.asked.push(asked);
  return asked;
}

/** The answer with a file, or with the rest of it from where a range begins. */
function send(
  hub: LocalHub,
  bytes: Uint8Array<ArrayBuffer>,
  asked: Asked,
  headers: Record<string, string> = {},
): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(asked.range ?? "")?.[1] ?? 0);
  const part = bytes.subarray(from);
  const body = hub.body?.(part, asked) ?? part;
  const counted = (body instanceof Uint8Array ? new Blob([body]).stream() : body).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hub.sent += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  const length = body instanceof Uint8Array ? body.length : part.length;
  return new Response(counted, {
    status: from > 0 ? 206 : 200,
    headers: {
      ...headers,
      "content-length": String(length),
      ...from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
    },
  });
}

function missing(code: string): Response {
  return new Response("", { status: 404, headers: { "x-error-code": code } });
}

/** The second server: large files by their SHA-256. */
function answerFile(hub: LocalHub, request: Request): Response {
  const asked = note(hub, "cdn", request);
  const early = hub.intercept?.(asked);
  if (early) return early;
  for (const { commits } of Object.values(hub.repositories)) {
    for (const files of Object.values(commits)) {
      const bytes = Object.values(files).find((bytes) => asked.path === `/${sha256(bytes)}`);
      if (bytes) return send(hub, bytes, asked);
    }
  }
  return missing("EntryNotFound");
}

/** A listing of the files in a folder, in two pages as those of long listings. */
function answerListing(hub: LocalHub, request: Request, files: HubFiles, folder: string): Response {
  const url = new URL(request.url);
  const recursive = url.searchParams.get("recursive") === "true";
  const inFolder = (path: string) => {
    const place = path.split("/").slice(0, -1).join("/");
    return place === folder || recursive && `${place}/`.startsWith(folder === "" ? "" : `${folder}/`);
  };
  const entries = Object.entries(files).filter(([path]) => inFolder(path)).map(([path, bytes]) => ({
    type: "file",
    path,
    oid: hub.isLarge(path) ? commitOf(path) : gitHash(bytes),
    size: bytes.length,
    ...hub.isLarge(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } },
  }));
  const extra = hub.extra.map((path) => ({ type: "file", path, oid: commitOf(path), size: 1 }));
  const all = [...entries, ...extra];
  const page = Number(url.searchParams.get("cursor") ?? 0);
  const half = Math.ceil(all.length / 2);
  url.searchParams.set("cursor", "1");
  return Response.json(
    page === 0 ? all.slice(0, half) : all.slice(half),
    page === 0 ? { headers: { link: `<${url}>; rel="next"` } } : {},
  );
}

/** The API: the commit of a revision, or a listing. */
function answerApi(hub: LocalHub, request: Request, name: string, what: string, rest: string): Response {
  const repository = hub.repositories[name];
  if (!repository) return new Response("", { status: 401, headers: { "x-error-code": "RepoNotFound" } });
  if (what === "revision") {
    const sha = repository.refs[rest] ?? Object.keys(repository.commits).find((commit) => commit === rest);
    return sha
      ? Response.json({ _id: "1", id: name.split("/").slice(1).join("/"), sha, lastModified: "2026-01-01" })
      : missing("RevisionNotFound");
  }
  const [commit, ...folder] = rest.split("/");
  const files = repository.commits[commit];
  return files ? answerListing(hub, request, files, folder.join("/")) : missing("RevisionNotFound");
}

/** The first server: the API and small files; large files are redirected to the second server. */
function answerHub(hub: LocalHub, request: Request, cdn: Deno.HttpServer<Deno.NetAddr>): Response {
  const asked = note(hub, "hub", request);
  const early = hub.intercept?.(asked);
  if (early) return early;
  const [, repository, what, rest] =
    /^\/api\/((?:model|dataset)s\/[^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(asked.path) ?? [];
  if (repository) return answerApi(hub, request, repository, what, rest);
  const [, prefix = "", name, commit, path] =
    /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(asked.path) ?? [];
  const bytes = hub.repositories[`${prefix || "models/"}${name}`]?.commits[commit]?.[path];
  if (!bytes) return missing("EntryNotFound");
  const headers = { "x-repo-commit": commit, etag: `"${gitHash(bytes)}"` };
  if (!hub.isLarge(path)) return send(hub, bytes, asked, headers);
  return new Response(null, {
    status: 302,
    headers: {
      ...headers,
      "x-linked-etag": `"${sha256(bytes)}"`,
      location: `http://127.0.0.1:${cdn.addr.port}/${sha256(bytes)}?signature=secret`,
    },
  });
}

/** Starts both servers. */
export function startHub(): LocalHub {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response("", { status: 500 }) };
  const cdn = Deno.serve(options, (request) => answerFile(hub, request));
  const api = Deno.serve(options, (request) => answerHub(hub, request, cdn));
  const hub: LocalHub = {
    endpoint: `http://127.0.0.1:${api.addr.port}`,
    repositories: {},
    asked: [],
    sent: 0,
    extra: [],
    isLarge: (path) => /\.(safetensors|gguf|parquet)$/.test(path),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([api.shutdown(), cdn.shutdown()]);
    },
  };
  return hub;
}
