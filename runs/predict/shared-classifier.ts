/**
 * Classification of texts, with one program for several adapters.
 * @module
 */
import type { Executable } from "../../engine/types.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import type { Backbone } from "../../models/types.ts";
import { trainableClassifier } from "../programs/classifier.ts";
import { objectiveOf } from "../programs/objective.ts";
import type { CompileProgram } from "../training/training-task.ts";
import type { LoadedAdapter } from "./load.ts";
import { type AdapterRequest, sharedAdaptation, virtualInputs, withVirtualInputs } from "./shared-program.ts";

/** Computes logits for adapters that share a program. */
export class SharedClassifier {
  private constructor(
    private readonly backbone: Backbone,
    private readonly features: Executable,
    private readonly heads: ClassifierHeads,
  ) {}

  /**
   * Compiles the program.
   * @param adapter one of those that share it
   * @param heads the classifiers on its features
   */
  static async open(
    backbone: Backbone,
    adapter: LoadedAdapter,
    compile: CompileProgram,
    heads: ClassifierHeads,
  ): Promise<SharedClassifier> {
    const { features } = trainableClassifier(backbone, sharedAdaptation(adapter, backbone), adapter.labels, 0);
    return new SharedClassifier(backbone, await compile(withVirtualInputs(features, adapter)), heads);
  }

  /**
   * Logits of each text.
   * @param requests texts whose adapters have one batch key
   */
  async logits(requests: readonly AdapterRequest[]): Promise<Float32Array[]> {
    const inputs = { ...this.backbone.collate(requests.map(({ encoded }) => encoded)), ...virtualInputs(requests) };
    const { features } = await this.features.run({ parameters: requests[0].adapter.parameters, inputs });
    const width = this.backbone.featureWidth;
    const logits: Float32Array[] = [];
    for (const adapter of new Set(requests.map(({ adapter }) => adapter))) {
      const rows = [...requests.keys()].filter((row) => requests[row].adapter === adapter);
      const selected = new Float32Array(rows.length * width);
      rows.forEach((row, at) => selected.set(features.subarray(row * width, (row + 1) * width), at * width));
      const computed = await this.heads.logits(adapter, selected, rows.length);
      rows.forEach((row, at) => logits[row] = computed.subarray(at * adapter.outputs, (at + 1) * adapter.outputs));
    }
    return logits;
  }

  /** Frees what the device holds. */
  release(): Promise<void> {
    return this.features.release();
  }
}

/** Classifiers on features: one small program for each number of outputs, apart from the backbone's program. */
export class ClassifierHeads {
  private readonly programs = new Map<number, Executable>();

  /**
   * Starts without a program.
   * @param backbone the model whose features are read
   */
  constructor(private readonly backbone: Backbone, private readonly compile: CompileProgram) {}

  /** Compiles the program for an adapter's number of outputs, unless there is one already. */
  async open({ labels, outputs }: LoadedAdapter): Promise<void> {
    if (this.programs.has(outputs)) return;
    const objective = objectiveOf("classification", outputs);
    const { logits } = trainableClassifier(this.backbone, compose([], this.backbone), labels, 0, {}, objective);
    this.programs.set(outputs, await this.compile(logits));
  }

  /** Features [rows, d] → logits [rows, outputs]. */
  async logits({ outputs, head }: LoadedAdapter, features: Float32Array, rows: number): Promise<Float32Array> {
    const inputs = { features: { data: features, shape: [rows, this.backbone.featureWidth] } };
    const { logits } = await this.programs.get(outputs)!.run({ parameters: head, inputs });
    return logits;
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const program of this.programs.values()) await program.release();
  }
}
