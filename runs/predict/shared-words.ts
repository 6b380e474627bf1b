/**
 * Classification of texts by words of the language model, with one program for several adapters.
 * @module
 */
import type { Executable } from "../../engine/types.ts";
import type { CompileProgram } from "../training/training-task.ts";
import type { LoadedAdapter } from "./load.ts";
import { type AdapterRequest, sharedAdaptation, virtualInputs, withVirtualInputs } from "./shared-program.ts";

/** Computes logits for adapters that share a program, and with it the words. */
export class SharedWords {
  private constructor(private readonly answers: Executable) {}

  /** Compiles the program. @param adapter one of those that share it */
  static async open(adapter: LoadedAdapter, compile: CompileProgram): Promise<SharedWords> {
    const { backbone, classifier } = adapter.words!;
    const { answers } = classifier(sharedAdaptation(adapter, backbone), {});
    return new SharedWords(await compile(withVirtualInputs(answers, adapter)));
  }

  /** Logits of each text. @param requests texts whose adapters have one batch key */
  async logits(requests: readonly AdapterRequest[]): Promise<Float32Array[]> {
    const [{ adapter: { words, parameters } }] = requests;
    const texts = words!.reading.collate(requests.map(({ encoded }) => encoded));
    const { logits } = await this.answers.run({ parameters, inputs: { ...texts, ...virtualInputs(requests) } });
    const outputs = logits.length / requests.length;
    return requests.map((_, row) => logits.slice(row * outputs, (row + 1) * outputs));
  }

  /** Frees what the device holds. */
  release(): Promise<void> {
    return this.answers.release();
  }
}
