import type { ImportReport, ModelFacts, Recipe, Requirement, Task } from "../contract/index.js";
import type { RecipeFacts } from "../tree/index.js";
import { taskOf } from "./begin.js";
import { requirementOf, type Work } from "./work.js";

/** What the tree's rules may know, from the requirement and the import: the same after every resume. */
export function factsOf(work: Work, model: ModelFacts): RecipeFacts {
  const view = work.ledger.view();
  return recipeFactsOf(requirementOf(view), view.importReport, model, taskOf(work).defaults);
}

/** The same for a requirement outside a run. */
export function recipeFactsOf(requirement: Requirement, report: ImportReport | null, model: Pick<ModelFacts, "contextLength">, defaults: Task["defaults"]): RecipeFacts {
  return {
    goal: requirement.goal,
    trainRows: requirement.splitSizes.train ?? 0,
    duplicates: report?.duplicates ?? 0,
    conflicts: report?.conflicts ?? 0,
    longestTokens: requirement.maxSequenceTokens,
    shotTokens: requirement.shotTokens,
    hasSystemMessages: report?.columns.includes("system") ?? false,
    contextLength: model.contextLength,
    formatRules: requirement.formatRules,
    instructions: requirement.instructions,
    constraints: requirement.constraints,
    // Grows with the run: `policyState` fills it in at each step.
    bestPrompt: null,
    seed: requirement.seed,
    defaults: { ...defaults, maxSequenceTokens: defaults.maxSequenceTokens ?? requirement.maxSequenceTokens },
  };
}

/**
 * A system prompt and worked examples make every row longer; without room for them the longest rows would be dropped.
 * Two characters a token is more room than ordinary text needs.
 */
export function withRoomForPrompt(recipe: Recipe, facts: RecipeFacts): Recipe {
  const { training, prompt } = recipe;
  if (training === null) return recipe;
  const wanted = facts.longestTokens + facts.shotTokens * prompt.fewShot + Math.ceil((prompt.system?.length ?? 0) / 2);
  const extended = prompt.system === null && prompt.fewShot === 0 ? training.maxSequenceTokens : Math.max(training.maxSequenceTokens, wanted);
  return { ...recipe, training: { ...training, maxSequenceTokens: Math.min(extended, facts.contextLength) } };
}
