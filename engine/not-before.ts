/**
 * The order in which a program computes.
 *
 * A runtime orders operators by itself, and equal ones are computed once. So what a gradient computes anew, to spare the memory that
 * keeping it would take (Chen et al., 2016, https://arxiv.org/abs/1604.06174), and parts that shall follow each other, must depend on what
 * comes before.
 * @module
 */
import { type Tensor, tf } from "./tensor.ts";

const KERNEL = "NotBefore";

/** The values of x, of which nothing is computed before `other`, a tensor of the same shape, is. It has no gradient. */
export function notBefore(x: Tensor, other: Tensor): Tensor {
  tf.util.assertShapesMatch(x.shape, other.shape, "notBefore: ");
  const backendName = tf.getBackend();
  if (!tf.getKernel(KERNEL, backendName)) {
    // Eager backends compute in the order of the program.
    const identity = tf.getKernel("Identity", backendName).kernelFunc;
    tf.registerKernel({
      kernelName: KERNEL,
      backendName,
      kernelFunc: ({ inputs: { x }, backend, attrs }) => identity({ inputs: { x }, backend, attrs }),
    });
  }
  return tf.engine().runKernel(KERNEL, { x, other });
}
