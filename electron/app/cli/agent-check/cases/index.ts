import { curveCases } from "./curves.js";
import { dataCases } from "./data-and-form.js";
import { knowledgeCases } from "./knowledge-and-history.js";
import { limitCases } from "./prompts-and-limits.js";
import type { DecisionCase } from "../decision-case.js";

/** Written by hand, each with an answer few engineers would argue with; no planner was looked at for it. */
export const decisionCases: readonly DecisionCase[] = [...curveCases, ...dataCases, ...limitCases, ...knowledgeCases];
