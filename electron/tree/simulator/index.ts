export { familyFields, familyFieldNames } from "./scenario/family-fields.js";
export type { Constants, FamilyField, FamilyFieldName } from "./scenario/family-fields.js";
export { familySchema, parseScenario, scenarioSchema } from "./scenario/scenario.js";
export type { Family, Scenario, ScenarioResult } from "./scenario/scenario.js";
export { drawConstants } from "./scenario/draw-constants.js";
export { createProblem, lineageKey, problemOf } from "./problem.js";
export type { FailedTraining, Lineage, Problem, TrainedModel } from "./problem.js";
export { publishedRankExcess } from "./effects/tensors.js";
export { fieldTable } from "./scenario/field-table.js";
