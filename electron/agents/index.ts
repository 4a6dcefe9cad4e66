export { createHousePlanner } from "./house-planner.js";
export { createLanguageModelPlanner, type LanguageModelPlannerOptions, type PlannerLimits, type PlannerTurn } from "./language-model-planner.js";
export { loadPlannerPrompts, type PlannerPrompts, type PromptFile } from "./prompt-file.js";
