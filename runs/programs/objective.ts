/**
 * What the outputs of a classifier are trained to be: by the kind of task, a class, a number, labels, or a choice.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { InputSpec } from "../../engine/types.ts";
import type { HeadTask } from "../../tasks/types.ts";

/** What a classifier is trained for. */
export interface Objective {
  /** Number of the classifier's outputs. */
  outputs: number;
  /** The right answers of a batch, as the loss reads them. */
  answers: InputSpec;
  /**
   * Log-likelihood [batch] of the right answers, up to a constant: the loss of a text is minus it; of each text that a choice is read in it is
   * that of all choices of its example.
   * @param outputs [batch, outputs]
   */
  logLikelihood(outputs: Tensor, answers: Tensor): Tensor;
}

/** A class: cross-entropy. Answers are indices of classes. */
function oneClass(classes: number): Objective {
  return {
    outputs: classes,
    answers: { shape: ["batch"], dtype: "int32", below: classes },
    logLikelihood(outputs, answers) {
      const logProbabilities = tf.logSoftmax(outputs);
      return tf.sum(tf.mul(logProbabilities, tf.oneHot(answers, classes)), 1);
    },
  };
}

/** A number: squared error, as PyTorch's MSELoss. */
const number: Objective = {
  outputs: 1,
  answers: { shape: ["batch"], dtype: "float32" },
  logLikelihood: (outputs, answers) => tf.neg(tf.square(tf.sub(tf.squeeze(outputs, [1]), answers))),
};

/** Any number of labels: the mean over them of binary cross-entropy, as PyTorch's BCEWithLogitsLoss. Answers are 1 or 0 for each. */
function labelSet(labels: number): Objective {
  return {
    outputs: labels,
    answers: { shape: ["batch", labels], dtype: "float32" },
    logLikelihood(x, answers) {
      // log(1 + eˣ) = max(x, 0) + log(1 + e⁻ˡˣˡ), with |x| = 2·max(x, 0) − x so that the gradient at 0, where training starts, is ½.
      const positive = tf.relu(x);
      const softplus = tf.add(positive, tf.log(tf.add(1, tf.exp(tf.sub(x, tf.mul(2, positive))))));
      return tf.mean(tf.sub(tf.mul(answers, x), softplus), 1);
    },
  };
}

/** What one choice is to another in a batch: one of another example, or of the same one and wrong, or right. */
export const CHOICE = { other: 0, wrong: 1, right: 2 } as const;

/** What makes a number vanish beside others in a log-sum-exp of float32. */
const BEYOND = 1e9;

/**
 * The logarithm [batch] of the probability of the right ones among choices by a softmax over them, which for a single right one is
 * transformers' cross-entropy.
 * @param outputs of all choices, [batch or 1, n]
 * @param answers int32 [batch, n], what each is
 */
function logRight(outputs: Tensor, answers: Tensor): Tensor {
  /** The log-sum-exp [batch] over the outputs of those choices that are at least that to each. */
  const sumOver = (least: number) => {
    const isLess = tf.cast(tf.less(answers, tf.scalar(least, "int32")), "float32");
    return tf.logSumExp(tf.sub(outputs, tf.mul(isLess, BEYOND)), 1);
  };
  return tf.sub(sumOver(CHOICE.right), sumOver(CHOICE.wrong));
}

/** One of the choices of an example, each of which is a text with one output. Answers [batch, batch] say what choice j is to choice i. */
const oneChoice: Objective = {
  outputs: 1,
  answers: { shape: ["batch", "batch"], dtype: "int32" },
  logLikelihood: (outputs, answers) => logRight(outputs.reshape([1, -1]), answers),
};

/** One of the choices of an example, which is one text with an output where each of them ends. Answers say what ends at each place. */
export const choiceOfTree: Omit<Objective, "outputs"> = {
  answers: { shape: ["batch", "length"], dtype: "int32" },
  logLikelihood: logRight,
};

/**
 * What a classifier is trained for.
 * @param labels number of the task's classes or labels
 */
export function objectiveOf(kind: HeadTask["kind"], labels: number): Objective {
  switch (kind) {
    case "classification":
      return oneClass(labels);
    case "regression":
      return number;
    case "multi-label":
      return labelSet(labels);
    case "multiple choice":
      return oneChoice;
  }
}
