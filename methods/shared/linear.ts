/**
 * Trainable linear maps inside a method, stored as PyTorch stores them: weight [out, in], bias [out].
 * @module
 */
import type { Tensor, Tensors } from "../../engine/tensor.ts";
import { drawn, uniform } from "./parameter.ts";
import type { MethodParameter } from "../types.ts";

/** The parameters of a linear map; they start as in PyTorch, uniform over ±1/√in. */
export function linearParameters(name: string, from: number, to: number): MethodParameter[] {
  const draw = uniform(from ** -0.5);
  return [drawn(`${name}.weight`, [to, from], draw), drawn(`${name}.bias`, [to], draw)];
}

/** x [rows, in] → x·Wᵀ + b [rows, out]. */
export function linear(parameters: Tensors, name: string, x: Tensor): Tensor {
  return x.matMul(parameters[`${name}.weight`], false, true).add(parameters[`${name}.bias`]);
}
