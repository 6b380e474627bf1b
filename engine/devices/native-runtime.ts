/**
 * ONNX Runtime through its C interface, on the processor.
 *
 * Source: ONNX Runtime's header onnxruntime_c_api.h. Its functions stand in a structure that only grows at its end, so
 * a function keeps its place from version to version.
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The version of the structure that is asked for: the functions below are in it. */
const API_VERSION = 16;

/** Place, parameters and result of the functions that are used. */
export const FUNCTIONS = {
  GetErrorMessage: [2, ["pointer"], "pointer"],
  CreateEnv: [3, ["i32", "buffer", "buffer"], "pointer"],
  CreateSessionOptions: [10, ["buffer"], "pointer"],
  DisableMemPattern: [17, ["pointer"], "pointer"],
  SetSessionLogSeverityLevel: [22, ["pointer", "i32"], "pointer"],
  SetIntraOpNumThreads: [24, ["pointer", "i32"], "pointer"],
  SetInterOpNumThreads: [25, ["pointer", "i32"], "pointer"],
  SessionGetInputCount: [30, ["pointer", "buffer"], "pointer"],
  SessionGetInputName: [36, ["pointer", "usize", "pointer", "buffer"], "pointer"],
  CreateTensorWithDataAsOrtValue: [49, ["pointer", "pointer", "usize", "buffer", "usize", "i32", "buffer"], "pointer"],
  CreateCpuMemoryInfo: [69, ["i32", "i32", "buffer"], "pointer"],
  AllocatorFree: [76, ["pointer", "pointer"], "pointer"],
  GetAllocatorWithDefaultOptions: [78, ["buffer"], "pointer"],
  ReleaseStatus: [93, ["pointer"], "void"],
  ReleaseSession: [95, ["pointer"], "void"],
  ReleaseValue: [96, ["pointer"], "void"],
  ReleaseSessionOptions: [100, ["pointer"], "void"],
  AddSessionConfigEntry: [130, ["pointer", "buffer", "buffer"], "pointer"],
} as const;

/** Those that compute for long: they run on a thread of their own. */
export const LONG_FUNCTIONS = {
  CreateSessionFromArray: [8, ["pointer", "buffer", "usize", "pointer", "buffer"], "pointer"],
  Run: [9, ["pointer", "pointer", "buffer", "buffer", "usize", "buffer", "usize", "buffer"], "pointer"],
} as const;

/** Functions by name: place, parameters and result. */
export type Signatures = Record<string, readonly [number, readonly Deno.NativeType[], Deno.NativeResultType]>;
/** The functions to call. */
export type Callable<S extends Signatures, N extends boolean> = {
  [K in keyof S]: Deno.UnsafeFnPointer<{ parameters: S[K][1]; result: S[K][2]; nonblocking: N }>["call"];
};

/** The function that a table of pointers has at a place. */
function functionAt<const F extends Deno.ForeignFunction>(
  table: Deno.PointerObject,
  place: number,
  definition: F,
): Deno.UnsafeFnPointer<F> {
  const address = new Deno.UnsafePointerView(table).getBigUint64(8 * place);
  type Typed = ConstructorParameters<typeof Deno.UnsafeFnPointer<F>>[0];
  return new Deno.UnsafeFnPointer<F>(Deno.UnsafePointer.create(address) as Typed, definition);
}

function bind<S extends Signatures, N extends boolean>(api: Deno.PointerObject, functions: S, nonblocking: N) {
  const entries = Object.entries(functions).map(([name, [place, parameters, result]]) => {
    const pointer = functionAt(api, place, { parameters, result, nonblocking });
    return [name, pointer.call.bind(pointer)];
  });
  return Object.fromEntries(entries) as Callable<S, N>;
}

/** The npm package that depends on one package a platform, of which only that of this machine is installed. */
export const PACKAGE = "sherpa-onnx-node";

/** Platforms of the packages, with the library's name in them. */
const LIBRARIES: Record<string, string> = {
  "linux-x64": "libonnxruntime.so",
  "linux-arm64": "libonnxruntime.so",
  "darwin-x64": "libonnxruntime.dylib",
  "darwin-arm64": "libonnxruntime.dylib",
  "win-x64": "onnxruntime.dll",
};

/** @throws {Error} one sentence: there is no library for this machine, or it cannot be loaded */
function openLibrary(): Deno.PointerObject {
  const { os, arch } = Deno.build;
  const platform = `${os === "windows" ? "win" : os}-${arch === "x86_64" ? "x64" : "arm64"}`;
  if (!(platform in LIBRARIES)) {
    throw new Error(`Cannot load ONNX Runtime: ${PACKAGE} must have it for this machine, it has none for ${platform}`);
  }
  try {
    const require = createRequire(createRequire(import.meta.url).resolve(PACKAGE));
    const path = join(dirname(require.resolve(`sherpa-onnx-${platform}/package.json`)), LIBRARIES[platform]);
    return Deno.dlopen(path, { OrtGetApiBase: { parameters: [], result: "pointer" } }).symbols.OrtGetApiBase()!;
  } catch (error) {
    throw new Error(`Cannot load ONNX Runtime of the npm package sherpa-onnx-${platform}: ${(error as Error).message}`);
  }
}

/** A text as C reads it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The library. */
export interface NativeRuntime extends Callable<typeof FUNCTIONS, false> {
  /** The functions that compute for long. */
  long: Callable<typeof LONG_FUNCTIONS, true>;
  /** Its version. */
  version: string;
}

function open(): NativeRuntime {
  const base = openLibrary();
  const api = functionAt(base, 0, { parameters: ["u32"], result: "pointer" }).call(API_VERSION)!;
  const version = functionAt(base, 1, { parameters: [], result: "pointer" }).call()!;
  return {
    ...bind(api, FUNCTIONS, false),
    long: bind(api, LONG_FUNCTIONS, true),
    version: Deno.UnsafePointerView.getCString(version),
  };
}

let functions: NativeRuntime | undefined;

/** The library, loaded on first use: many commands compute nothing. @throws {Error} one sentence: it cannot be loaded */
export function native(): NativeRuntime {
  return functions ??= open();
}

/** Looks at what a function returns. @throws {Error} what the runtime says, where it failed */
export function check(status: Deno.PointerValue): void {
  if (status === null) return;
  const { GetErrorMessage, ReleaseStatus } = native();
  const message = Deno.UnsafePointerView.getCString(GetErrorMessage(status)!);
  ReleaseStatus(status);
  throw new Error(message);
}

/** What a function writes to its last argument, a pointer to a pointer. @throws {Error} what the runtime says */
export function receive(call: (out: BigUint64Array<ArrayBuffer>) => Deno.PointerValue): Deno.PointerObject {
  const out = new BigUint64Array(1);
  check(call(out));
  return Deno.UnsafePointer.create(out[0])!;
}
