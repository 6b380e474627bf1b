/**
 * Every metric of generation: those of the generated texts, and the perplexity of the references.
 * @module
 */
import { textMetrics } from "../text-metrics.ts";
import type { Metric } from "../types.ts";

/**
 * Perplexity (Jelinek et al., 1977): exp of the mean loss of a token, exp(Σ losses ÷ Σ tokens), in nats. Right answers are
 * each example's numbers of tokens; what is predicted is the sum of their losses.
 */
export const perplexity: Metric = {
  name: "perplexity",
  description:
    "exp of the mean loss of a token of the references, each after its text; a reference's end token counts, as do at most " +
    "`outputLength` tokens of it. For every run of generation; only models of one tokenizer can be compared",
  unit: "error",
  direction: "lower",
  compute: (tokens, losses) => Math.exp(sum(losses) / sum(tokens)),
  leaveOneOut(tokens, losses) {
    const [allLosses, allTokens] = [sum(losses), sum(tokens)];
    return losses.map((loss, at) => Math.exp((allLosses - loss) / (allTokens - tokens[at])));
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What is known of every metric of generation, by its name. */
export const generationMetrics: Record<string, Pick<Metric, "name" | "description" | "unit" | "direction">> = {
  ...textMetrics,
  perplexity,
};
