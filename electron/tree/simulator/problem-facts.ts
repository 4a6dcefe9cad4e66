import type { RecipeFacts } from "../recipes/facts.js";
import type { Constants } from "./scenario/family-fields.js";

/** What a host would know of this task before the first experiment. The texts say nothing; the simulator tells them apart. */
export function problemFacts(constants: Constants, seed: number): RecipeFacts {
  const trainRows = Math.round(constants.rows);
  const longestTokens = Math.max(8, Math.round(constants.meanTokens * constants.longestRatio));
  return {
    goal: "Answer each request in the way of the examples.",
    trainRows,
    duplicates: Math.round(trainRows * constants.duplicateShare),
    conflicts: Math.round(trainRows * constants.conflictShare),
    longestTokens,
    shotTokens: Math.round(constants.meanTokens * constants.shotRatio),
    hasSystemMessages: false,
    contextLength: Math.max(4096, 8 * longestTokens),
    formatRules: "The answer is one line in the form that all examples share.",
    instructions: Array.from({ length: Math.round(constants.wordings) }, (_, index) => `Wording ${index + 1} of the task, put in other words.`),
    constraints: { mostPromptTokens: null, mostRank: null, forbiddenMoves: [], deliver: "anything" },
    bestPrompt: null,
    seed,
    defaults: {},
  };
}
