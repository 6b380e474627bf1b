/**
 * Added biases: a trained vector is added to the output of every linear map.
 * @module
 */
import { commonOptions, commonSpace, defineMethod, drawn } from "@tunebench/tunebench/plugin";
import { z } from "zod";

/** y + v for the output y of every linear map, v [out] from zeros: BitFit for models that have no biases. */
export default defineMethod({
  name: "added-bias",
  description: "a trained vector is added to the output of every linear map",
  paper: "after Ben Zaken et al. (2022), BitFit, https://arxiv.org/abs/2106.10199",
  // Its default step size; options of its own would stand here, too.
  options: z.strictObject(commonOptions(1e-2)),
  // What tuning tries of them.
  space: commonSpace(1e-3, 1e-1),
  // The tensors that it adds: name, shape, start values.
  parameters: (shape) => shape.linears.map(({ name, out }) => drawn(`${name}.v`, [out], () => 0)),
  // Names of the model's own weights that it trains.
  trains: () => [],
  // How many values that makes, from sizes alone: every run checks it.
  count: (shape) => shape.linears.reduce((sum, { out }) => sum + out, 0),
  identityAtStart: true,
  // Where its parameters enter the forward pass.
  hooks: (parameters) => ({ linear: ({ name }, _x, y) => y.add(parameters[`${name}.v`]) }),
});
