/**
 * Greedy generation with a cache of keys and values.
 * @module
 */
import type { ArrayValue, Device } from "../engine/types.ts";
import type { Adaptation } from "../methods/compose.ts";
import type { asLanguageModel, LanguageTrainable } from "./language.ts";

/** What generation needs besides the texts. */
export interface GenerateOptions {
  /** Where it is computed. */
  device: Device;
  /** Processor threads. */
  threads: number;
  /** Values of what is trained, by name. */
  parameters: Record<string, Float32Array>;
  /** Most tokens that are added. */
  tokens: number;
  /** A text ends with this token; absent: only by number. */
  end?: number;
}

/** Rows [batch, length, width] with one more [batch, width] after each text's. */
function appended({ data, shape }: ArrayValue, row: Float32Array): ArrayValue {
  const [batch, length, width] = shape;
  const grown = new Float32Array(batch * (length + 1) * width);
  for (let text = 0; text < batch; text++) {
    const own = text * length * width;
    grown.set((data as Float32Array).subarray(own, own + length * width), own + text * width);
    grown.set(row.subarray(text * width, (text + 1) * width), own + length * width + text * width);
  }
  return { data: grown, shape: [batch, length + 1, width] };
}

/** [batch, length] of one value for each. */
function table(rows: readonly (readonly number[])[]): ArrayValue {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

/**
 * Texts with the most likely tokens after them. Texts are read once; then each token is read alone, with the keys and
 * values of those before it.
 * @param model of `languageTrainable`, made of the backbone and the adaptation
 * @throws {Error} if a text would become longer than the model reads
 */
export async function generateGreedily(
  backbone: ReturnType<typeof asLanguageModel>,
  adaptation: Adaptation,
  { read, step }: LanguageTrainable,
  texts: readonly (readonly number[])[],
  { device, threads, parameters, tokens, end }: GenerateOptions,
): Promise<number[][]> {
  const grown = texts.map((ids) => [...ids]);
  const longest = Math.max(...texts.map(({ length }) => length));
  if (longest + tokens > adaptation.maxLength) {
    throw new Error(
      `Cannot generate: a text and what is added must have at most ${adaptation.maxLength} tokens, ` +
        `current value is ${longest} + ${tokens}`,
    );
  }
  const done = texts.map(() => false);
  /** Adds a token to each text that has not ended; whether one goes on. */
  const add = (token: Float32Array): boolean => {
    for (const [row, ids] of grown.entries()) {
      if (!done[row]) ids.push(token[row]);
      done[row] ||= token[row] === end;
    }
    return done.includes(false);
  };
  const reader = await device.compile(read.program, read.signature, { threads });
  const first = await reader.run({ parameters, inputs: backbone.collate(texts) });
  await reader.release();
  let goesOn = add(first.token);
  if (!goesOn || tokens === 1) return grown;

  const widths = backbone.keyValueWidths;
  const total = first["keys.0"].length / (texts.length * widths[0]);
  const promptLength = total - longest;
  const past: Record<string, ArrayValue> = {};
  for (const [layer, width] of widths.entries()) {
    for (const kind of ["keys", "values"]) {
      past[`${kind}.${layer}`] = { data: first[`${kind}.${layer}`], shape: [texts.length, total, width] };
    }
  }
  const places = texts.map(() => Array.from({ length: total }, (_, at) => at));
  const mask = texts.map(({ length }) => places[0].map((at) => at < promptLength + length ? 1 : 0));
  let { token } = first;
  const stepper = await device.compile(step.program, step.signature, { threads });
  try {
    for (let count = 1; goesOn && count < tokens; count++) {
      const position = Int32Array.from(texts, ({ length }) => promptLength + length + count - 1);
      const all: Record<string, ArrayValue> = {
        ...past,
        token: { data: Int32Array.from(token), shape: [texts.length] },
        position: { data: position, shape: [texts.length] },
        mask: table(mask),
        places: table(places),
      };
      const inputs = Object.fromEntries(Object.keys(step.signature.inputs).map((name) => [name, all[name]]));
      const found = await stepper.run({ parameters, inputs });
      for (const name of Object.keys(past)) past[name] = appended(past[name], found[name]);
      for (const [row, at] of position.entries()) {
        places[row].push(at);
        mask[row].push(1);
      }
      token = found.token;
      goesOn = add(token);
    }
  } finally {
    await stepper.release();
  }
  return grown;
}
