import { guardNames } from "../../contract/index.js";
import type { AnalystInput } from "./analyst-input.js";
import type { FieldDecision } from "./decisions.js";
import type { GoalSays } from "./read-goal.js";

/** A model this large takes longer for each experiment. */
const largeModel = 2.5e9;
/** So few training rows make prompts serious rivals of training. */
export const fewRows = 200;

/** Every field that data, model, settings and sentence decide, by rule. */
export function draftByRule({ facts, modelFacts, defaults }: AnalystInput, says: GoalSays): readonly FieldDecision[] {
  const sizes = facts.splitSizes;
  const decisions: FieldDecision[] = [
    says.skill !== null && fits(says, facts.skill)
      ? { field: "skill", value: says.skill.value, why: `The goal says "${says.skill.words}". ${facts.skillReason}`, by: "data" }
      : { field: "skill", value: facts.skill, why: facts.skillReason, by: "data" },
    { field: "metric", value: facts.recommendedMetric, why: facts.metricReason, by: "data" },
    { field: "splits", value: undefined, why: splitReason(sizes), by: "data" },
    says.budget === null
      ? { field: "budget", value: assumedBudget(modelFacts?.parameters ?? 0), why: "Nothing was said about time; this is enough for several experiments at this size.", by: "rule" }
      : { field: "budget", value: says.budget.value, why: `The goal says "${says.budget.words}".`, by: "user" },
    { field: "mustNotGetWorse", value: [...guardNames], why: "Nothing was named that may get worse, so every check of the gate stays on.", by: "rule" },
  ];
  if (says.target !== null && facts.recommendedMetric !== "perplexity") decisions.push({ field: "target", value: says.target.value, why: `The goal says "${says.target.words}"; the search ends there.`, by: "user" });
  decisions.push(says.deliver === null
    ? { field: "constraints.deliver", value: "anything", why: "Nothing was said about what may be delivered, so the best wins, adapter or prompt.", by: "rule" }
    : { field: "constraints.deliver", value: says.deliver.value, why: `The goal says "${says.deliver.words}".`, by: "user" });
  if (says.noPrompt !== null && says.deliver?.value !== "prompt") decisions.push({ field: "constraints.mostPromptTokens", value: 0, why: `The goal says "${says.noPrompt.words}".`, by: "user" });
  for (const [field, value] of Object.entries(defaults)) if (value !== undefined) decisions.push({ field, value, why: "It is so in your settings.", by: "user" });
  return decisions;
}

/** The sentence may name the skill where the data leaves it open; where the data is plain, the data counts. */
function fits(says: GoalSays, found: string): boolean {
  return says.skill !== null && (says.skill.value === found || found === "generation");
}

export const assumedBudget = (parameters: number): string => (parameters >= largeModel ? "2h" : "30m");

function splitReason(sizes: AnalystInput["facts"]["splitSizes"]): string {
  if (sizes === null) return "There are too few rows to measure honestly; add examples first.";
  const error = (items: number): string => (50 / Math.sqrt(Math.max(1, items))).toFixed(1);
  return `${sizes.train} rows train. ${sizes["dev-search"]} items steer the search (one standard error is at most ${error(sizes["dev-search"])} points), ${sizes["dev-select"]} choose the winner, ${sizes.vault} stay sealed for one final test (${error(sizes.vault)} points).`;
}
