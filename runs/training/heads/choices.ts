/**
 * Multiple choice: an answer is the place of one of the choices that an example has. Each is read with the text and has an output, and the
 * outputs of an example's choices are compared, as in transformers' models for multiple choice.
 * @module
 */
import { choiceMetrics, placeMostOftenRight } from "../../../tasks/metrics/choices.ts";
import { choiceTexts, textsOfChoices } from "../../../tasks/templates/choices.ts";
import type { ChoiceAnswer, ChoiceExample, ChoiceTask } from "../../../tasks/types.ts";
import { CHOICE, objectiveOf } from "../../programs/objective.ts";
import { lookUpMetrics } from "../evaluate.ts";
import type { HeadKind } from "./types.ts";

/** The kind of a task of multiple choice. */
export function choices(task: ChoiceTask): HeadKind<ChoiceExample, ChoiceAnswer, number> {
  return {
    objective: objectiveOf(task.kind, 0),
    metrics: lookUpMetrics(choiceMetrics, task.metrics),
    textsOf: (example) => choiceTexts(example, task),
    choosing: {
      textsOf: (example) => textsOfChoices(example, task),
      standingsOf: ({ choices, right }) =>
        choices.map((_, place) => right.includes(place) ? CHOICE.right : CHOICE.wrong),
    },
    rightOf: (example) => example,
    collate: collateChoices,
    // Of equal outputs, the first.
    read: (outputs) => outputs.indexOf(Math.max(...outputs)),
    lossOf: (outputs, { right }) => logSumExp(outputs) - logSumExp(right.map((place) => outputs[place])),
    constantOf: placeMostOftenRight,
    constantName: "place most often right",
    namesConstant: true,
    predictionOf: ({ id, choices, right }, predicted) => ({ id, choices: [...choices], right: [...right], predicted }),
  };
}

/** What each choice is to each other one [choices, choices], the choices of all examples one after the other. */
function collateChoices(
  answers: readonly ChoiceAnswer[],
): ReturnType<HeadKind<ChoiceExample, ChoiceAnswer>["collate"]> {
  const size = answers.reduce((sum, { choices }) => sum + choices.length, 0);
  const data = new Int32Array(size * size).fill(CHOICE.other);
  let first = 0;
  for (const { choices: { length }, right } of answers) {
    for (let row = first; row < first + length; row++) {
      for (let place = 0; place < length; place++) {
        data[row * size + first + place] = right.includes(place) ? CHOICE.right : CHOICE.wrong;
      }
    }
    first += length;
  }
  return { data, shape: [size, size] };
}

function logSumExp(values: ArrayLike<number>): number {
  const list = Array.from(values);
  const greatest = Math.max(...list);
  return greatest + Math.log(list.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
}
