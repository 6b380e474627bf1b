/**
 * A model as a session of ONNX Runtime on the processor, which reads and writes the caller's arrays.
 * @module
 */
import type { HostSession } from "./host-compile.ts";
import { check, cString, native, receive } from "./native-runtime.ts";
import type { HostValue, SessionOptions } from "./program-session.ts";

/** ORT_LOGGING_LEVEL_FATAL: errors are thrown; they need not be printed as well. */
const LOG_LEVEL = 4;
/** OrtArenaAllocator, OrtMemTypeDefault. */
const [ARENA, DEFAULT_MEMORY] = [1, 0];

function makeShared() {
  const { CreateEnv, CreateCpuMemoryInfo, GetAllocatorWithDefaultOptions } = native();
  const name = cString("tunebench");
  return {
    environment: receive((out) => CreateEnv(LOG_LEVEL, name, out)),
    memory: receive((out) => CreateCpuMemoryInfo(ARENA, DEFAULT_MEMORY, out)),
    allocator: receive((out) => GetAllocatorWithDefaultOptions(out)),
  };
}

let made: ReturnType<typeof makeShared> | undefined;
const shared = () => made ??= makeShared();

function createOptions({ threads, small, folder }: SessionOptions): Deno.PointerObject {
  const runtime = native();
  const options = receive((out) => runtime.CreateSessionOptions(out));
  const set = (key: string, value: string) =>
    check(runtime.AddSessionConfigEntry(options, cString(key), cString(value)));
  check(runtime.SetIntraOpNumThreads(options, threads));
  check(runtime.SetInterOpNumThreads(options, 1));
  check(runtime.SetSessionLogSeverityLevel(options, LOG_LEVEL));
  // Memory patterns keep an arena for each shape seen; without them, a third of the memory is saved.
  check(runtime.DisableMemPattern(options));
  // How long a thread waits actively for its next operator. The default keeps a core busy that others may need.
  set("session.intra_op.spin_duration_us", "50");
  if (small) set("session.disable_prepacking", "1");
  if (folder !== undefined) set("session.model_external_initializers_file_folder_path", folder);
  return options;
}

function readInputNames(session: Deno.PointerObject): string[] {
  const { SessionGetInputCount, SessionGetInputName, AllocatorFree } = native();
  const count = new BigUint64Array(1);
  check(SessionGetInputCount(session, count));
  return Array.from({ length: Number(count[0]) }, (_, index) => {
    const { allocator } = shared();
    const pointer = receive((out) => SessionGetInputName(session, BigInt(index), allocator, out));
    const name = Deno.UnsafePointerView.getCString(pointer);
    check(AllocatorFree(allocator, pointer));
    return name;
  });
}

/** Addresses of names. A name is written once: the sets of names of calls repeat. */
function createNameTable(): (names: readonly string[]) => BigUint64Array<ArrayBuffer> {
  const texts = new Map<string, { text: Uint8Array; address: bigint }>();
  return (names) =>
    BigUint64Array.from(names, (name) => {
      let entry = texts.get(name);
      if (!entry) {
        const text = cString(name);
        texts.set(name, entry = { text, address: Deno.UnsafePointer.value(Deno.UnsafePointer.of(text)) });
      }
      return entry.address;
    });
}

/** ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, _INT32 and _INT64. */
function elementType(data: HostValue["data"]): number {
  return data instanceof Float32Array ? 1 : data instanceof Int32Array ? 6 : 7;
}

/** An array as a value of the runtime, which shares its memory. */
function createValue({ data, shape }: HostValue): Deno.PointerObject {
  const { CreateTensorWithDataAsOrtValue } = native();
  const pointer = Deno.UnsafePointer.of(data as Float32Array<ArrayBuffer>);
  const bytes = BigInt(data.byteLength);
  const sizes = BigInt64Array.from(shape, BigInt);
  const rank = BigInt(shape.length);
  return receive((out) =>
    CreateTensorWithDataAsOrtValue(shared().memory, pointer, bytes, sizes, rank, elementType(data), out)
  );
}

/** What native code reads or writes while JavaScript goes on. */
const inUse = new Set<unknown>();

/** Waits for native code that uses these arrays: meanwhile they must not be collected. */
async function holding<T>(arrays: unknown[], call: Promise<T>): Promise<T> {
  inUse.add(arrays);
  try {
    return await call;
  } finally {
    inUse.delete(arrays);
  }
}

/** Makes a model ready to run on the processor. @throws {Error} what the runtime says */
export async function createNativeSession(options: SessionOptions): Promise<HostSession> {
  const runtime = native();
  const model = options.model as Uint8Array<ArrayBuffer>;
  const sessionOptions = createOptions(options);
  const out = new BigUint64Array(1);
  const { CreateSessionFromArray } = runtime.long;
  const { environment } = shared();
  const created = CreateSessionFromArray(environment, model, BigInt(model.byteLength), sessionOptions, out);
  const status = await holding([model, out], created);
  runtime.ReleaseSessionOptions(sessionOptions);
  check(status);
  const session = Deno.UnsafePointer.create(out[0])!;
  // The runtime would read memory that is no longer its own.
  let released = false;
  const addresses = createNameTable();
  return {
    inputNames: readInputNames(session),
    async run(inputs, outputs) {
      if (released) throw new Error("Cannot run a program: it must not be released before");
      const values: Deno.PointerObject[] = [];
      const addressOf = (value: HostValue) => {
        const pointer = createValue(value);
        values.push(pointer);
        return Deno.UnsafePointer.value(pointer);
      };
      try {
        const inputNames = addresses(Object.keys(inputs));
        const outputNames = addresses(Object.keys(outputs));
        const sources = BigUint64Array.from(Object.values(inputs), addressOf);
        const targets = BigUint64Array.from(Object.values(outputs), addressOf);
        const [read, written] = [BigInt(sources.length), BigInt(targets.length)];
        const call = runtime.long.Run(session, null, inputNames, sources, read, outputNames, written, targets);
        check(await holding([inputs, outputs, inputNames, outputNames, sources, targets], call));
      } finally {
        values.forEach((value) => runtime.ReleaseValue(value));
      }
    },
    release() {
      if (!released) runtime.ReleaseSession(session);
      released = true;
      return Promise.resolve();
    },
  };
}
