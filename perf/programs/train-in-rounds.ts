/**
 * Training that stops after each round, until the next request.
 * @module
 */
import { train, type TrainingJob } from "../../runs/training/train.ts";
import { SEED } from "../cases.ts";
import { answer, peakMemory, readRequest } from "./requests.ts";

/**
 * Trains; each request is a number of epochs, answered with the times and losses of their steps and the peak memory.
 * @param request the first request
 * @param measureMore what else an answer holds; called at the end of each round
 */
export async function trainInRounds(
  job: Pick<TrainingJob, "spec" | "training" | "examples">,
  request: string,
  measureMore: () => Record<string, unknown> = () => ({}),
): Promise<void> {
  let milliseconds: number[] = [];
  let losses: number[] = [];
  let epochsLeft = Number(request);
  let begun = performance.now();
  await train({
    ...job,
    seed: SEED,
    onStep({ loss }) {
      milliseconds.push(performance.now() - begun);
      losses.push(loss);
      begun = performance.now();
    },
    async onEpoch() {
      if (--epochsLeft > 0) return;
      answer({ milliseconds, losses, peak: peakMemory(), ...measureMore() });
      milliseconds = [];
      losses = [];
      epochsLeft = Number(await readRequest());
      begun = performance.now();
    },
  });
}
