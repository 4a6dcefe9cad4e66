import type { RecipeFacts } from "./recipes/facts.js";

/** Facts of an unremarkable task. Only tests import this file. */
export const plainFacts: RecipeFacts = {
  goal: "Turn requests into commands.", trainRows: 1000, duplicates: 10, conflicts: 5, longestTokens: 100, shotTokens: 80, hasSystemMessages: false, contextLength: 2048,
  formatRules: "One line, lower case.", instructions: ["Say which command does it.", "Answer with a command."], bestPrompt: null, seed: 1, defaults: {},
  constraints: { mostPromptTokens: null, mostRank: null, forbiddenMoves: [], deliver: "anything" },
};
