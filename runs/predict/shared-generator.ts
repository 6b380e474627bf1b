/**
 * Generation of texts, with one program for several adapters.
 * @module
 */
import type { Executable, Program } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone } from "../../models/types.ts";
import { generateTexts } from "../programs/generate-texts.ts";
import { asLanguageModel, type TrainableLanguageModel, trainableLanguageModel } from "../programs/language-model.ts";
import { reuseExecutables } from "../training/generation.ts";
import type { CompileProgram } from "../training/training-task.ts";
import type { LoadedAdapter } from "./load.ts";
import { type AdapterRequest, sharedAdaptation, virtualInputs, withVirtualInputs } from "./shared-program.ts";

/** Generates texts for adapters that share a program. */
export class SharedGenerator {
  private constructor(
    private readonly backbone: ReturnType<typeof asLanguageModel>,
    private readonly adaptation: Adaptation,
    private readonly model: TrainableLanguageModel,
    private readonly programs: ReadonlyMap<Program, Executable>,
  ) {}

  /**
   * Compiles the programs.
   * @param adapter one of those that share them
   * @throws {Error} if the backbone is no language model
   */
  static async open(opened: Backbone, adapter: LoadedAdapter, compile: CompileProgram): Promise<SharedGenerator> {
    const backbone = asLanguageModel(opened);
    const adaptation = sharedAdaptation(adapter, backbone);
    const whole = trainableLanguageModel(backbone, adaptation);
    const model = {
      ...whole,
      read: withVirtualInputs(whole.read, adapter),
      step: withVirtualInputs(whole.step, adapter),
    };
    const programs = new Map<Program, Executable>();
    for (const signed of [model.read, model.step]) programs.set(signed.program, await compile(signed));
    return new SharedGenerator(backbone, adaptation, model, programs);
  }

  /**
   * The text that follows each text.
   * @param requests texts whose adapters have one batch key
   * @param onText called with what follows a text whenever it has a new token
   */
  async generate(
    requests: readonly AdapterRequest[],
    onText?: (row: number, generated: string) => void,
  ): Promise<string[]> {
    const { parameters, outputLength: tokens, stop } = requests[0].adapter;
    const prompts = requests.map(({ encoded }) => ({ id: "", tokens: [...encoded] }));
    return await generateTexts(this.backbone, this.adaptation, this.model, prompts, {
      device: reuseExecutables(this.programs),
      threads: 1,
      parameters,
      inputs: virtualInputs(requests),
      tokens,
      // Nothing is drawn.
      seed: 0,
      ...stop && { stop },
      ...onText && { onText },
    });
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const program of this.programs.values()) await program.release();
  }
}
