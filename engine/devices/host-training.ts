/**
 * Training with parameters, gradients and AdamW's moments in host memory. The device computes losses and gradients
 * only.
 * @module
 */
import { TrainingState } from "../adamw.ts";
import { type Device, STATE_PARTS } from "../types.ts";

/** The `train` of a device that compiles programs with gradients. */
export function hostTraining(compile: Device["compile"]): Device["train"] {
  return async (program, signature, parameters, options) => {
    const { masks, run, planMemory, release } = await compile(program, signature, { ...options, gradients: true });
    const state = await TrainingState.create(parameters);
    return {
      masks,
      planMemory,
      release,
      write: (values) => Promise.try(() => state.write(values)),
      read: (part = "parameters") => Promise.resolve(state[part]),
      async restore(steps, load) {
        for (const part of STATE_PARTS) {
          for (const [name, values] of Object.entries(state[part])) values.set(await load(part, name));
        }
        state.steps = steps;
      },
      accumulate: (inputs) => run({ parameters: state.parameters, gradients: state.gradients, inputs }),
      step: (factor, settings) => Promise.try(() => void state.step(factor, settings)),
    };
  };
}
