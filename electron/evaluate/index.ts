import type { Evaluator, LlamaHost, Scorer } from "../contract/index.js";
import { checkRegression } from "./check-regression.js";
import { evaluateSplit } from "./evaluate-split.js";

export { exactMatch, jsonFields, judgeChoices, type JudgedAnswer } from "./metrics.js";

/** The evaluator: scores splits and guards general behaviour, always on the file that would be delivered. */
export function createEvaluator(services: { readonly llama: LlamaHost; readonly scorer: Scorer }): Evaluator {
  return {
    evaluate: (request, signal) => evaluateSplit(services, request, signal),
    regression: (request, signal) => checkRegression(services, request, signal),
  };
}
