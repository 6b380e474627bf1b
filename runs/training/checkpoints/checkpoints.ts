/**
 * Saves where the training of a cell stands, now and then, and goes on from there.
 *
 * Random numbers need not be saved: each epoch and each step has a stream of its own, which follows from the seed.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { exists } from "../../../base/files.ts";
import { runId } from "../../study/spec.ts";
import { type CheckpointOptions, Stopped } from "../cell-runner.ts";
import type { TrainableCell } from "../prepare.ts";
import type { TrainingProgress } from "../train.ts";
import { type CheckpointOwner, openCheckpoint, writeCheckpoint } from "./file.ts";
import { checkpointPath, setAsidePath } from "./paths.ts";

/** The greatest share of the time that saving takes. */
const SHARE = 0.02;

/** The checkpoints of one cell. */
export class Checkpoints {
  readonly #path: string;
  readonly #owner: CheckpointOwner;
  /** The second at which the next one is due, by a clock that nobody sets. */
  #due: number;
  #fault?: string;

  /** Saves nothing yet. @param out the results folder @param id of the run */
  constructor(
    private readonly cell: TrainableCell,
    private readonly out: string,
    private readonly id: string,
    private readonly options: CheckpointOptions,
  ) {
    const { suite, versions, arch, processor } = options.environment;
    const { spec, trainingTask: { parameters } } = cell;
    this.#path = checkpointPath(out, id);
    // Of a tuned run, the checkpoint is that of the options that were chosen: another choice is not resumed from it.
    this.#owner = { id: runId(spec), environment: { suite, versions, arch, processor }, parameters };
    this.#due = performance.now() / 1000 + options.every;
  }

  /**
   * Brings the training to where a checkpoint has left it.
   * @returns how far it has come; undefined if there is no checkpoint, or none that can be used, which is then set aside
   */
  async resume(): Promise<TrainingProgress | undefined> {
    if (!await exists(this.#path)) return undefined;
    const { training, seconds, trainingTask: { parameters } } = this.cell;
    let checkpoint;
    try {
      checkpoint = await openCheckpoint(this.#path, this.#owner);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      const aside = setAsidePath(this.out, this.id);
      await Deno.rename(this.#path, aside);
      this.options.onRemark(
        `its checkpoint cannot be used: ${
          (error as Error).message
        }; it is set aside as ${aside}, and the cell starts anew`,
      );
      return undefined;
    }
    using opened = checkpoint;
    const { course, validation, best, parts, seconds: before } = opened.state;
    await training.restore(course.stepLoss.length, (part, name) => opened.load(part, name));
    seconds.compile += before.compile;
    seconds.evaluate += before.evaluate;
    const progress: TrainingProgress = { course, validation, parts };
    if (best) {
      const values: Record<string, Float32Array> = {};
      for (const { name } of parameters) values[name] = await opened.load("best", name);
      progress.best = { ...best, parameters: values };
    }
    this.options.onResumed(course.stepLoss.length);
    return progress;
  }

  /**
   * To be called between two steps. Saves if a checkpoint is due, or if the cell must end.
   * @throws {Stopped} if it must end
   */
  async pass(progress: TrainingProgress): Promise<void> {
    // A device that computes in JavaScript leaves no time in which an order to end would be read.
    await setImmediate();
    const { stop } = this.options;
    if (stop.aborted || performance.now() / 1000 >= this.#due) await this.#save(progress);
    if (stop.aborted) throw new Stopped();
  }

  async #save(progress: TrainingProgress): Promise<void> {
    const { training, seconds: { compile, evaluate } } = this.cell;
    const { course, validation, best } = progress;
    const begun = performance.now() / 1000;
    const state = {
      course,
      validation,
      best: best ? { epoch: best.epoch, loss: best.loss } : null,
      seconds: { compile, evaluate },
      parts: partsOf(progress, this.cell, this.options),
    };
    try {
      await writeCheckpoint(
        this.#path,
        this.#owner,
        state,
        (kind) => kind === "best" ? Promise.resolve(best!.parameters) : training.read(kind),
      );
      this.#fault = undefined;
      this.options.onSaved(course.stepLoss.length);
    } catch (error) {
      if (error instanceof TypeError || !(error instanceof Error)) throw error;
      // The same is said once: it may hold for as long as the cell takes.
      if (error.message !== this.#fault) {
        this.options.onRemark(`training goes on without a checkpoint: ${error.message}`);
      }
      this.#fault = error.message;
    }
    const end = performance.now() / 1000;
    this.#due = end + Math.max(this.options.every, (end - begun) * (1 / SHARE - 1));
  }
}

/** The parts in which a cell was trained, the present one last. */
export function partsOf(
  { course, parts }: Pick<TrainingProgress, "course" | "parts">,
  { seconds: { compile, evaluate } }: Pick<TrainableCell, "seconds">,
  { started }: Pick<CheckpointOptions, "started">,
): TrainingProgress["parts"] {
  const before = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...parts, { started, seconds: course.seconds + compile + evaluate - before }];
}
