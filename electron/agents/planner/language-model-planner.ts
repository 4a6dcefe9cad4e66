import type { Planner } from "../../contract/index.js";
import { createHybridPlanner, defaultShare } from "./hybrid-planner.js";
import { createModelOnlyPlanner, type LanguageModelOptions } from "./model-only-planner.js";

export interface LanguageModelPlannerOptions extends LanguageModelOptions {
  /** Share of the decisions in which the model is asked by chance, near ties besides; the house planner makes the others. 1: the model alone. */
  readonly share?: number;
}

/** `task.planner: language-model`: both together unless `share` is 1. */
export function createLanguageModelPlanner({ share = defaultShare, ...options }: LanguageModelPlannerOptions): Planner {
  if (share >= 1) return createModelOnlyPlanner(options);
  // Asked in about three of ten decisions, it may set a number in each of them: three of ten of all.
  return createHybridPlanner({ house: options.house, model: createModelOnlyPlanner({ overrideShare: 1, ...options }), share });
}
