import type { Prompt, Recipe } from "../../contract/index.js";
import type { RecipeFacts } from "./facts.js";
import { instructionOf } from "./initial-recipe.js";
import { promptTokens } from "./prompt-tokens.js";

/** The contract's limit on a system prompt, in characters. */
const longestSystem = 4000;

/** All wordings of the instruction, the user's own first. */
const wordings = (facts: RecipeFacts): readonly string[] => [instructionOf(facts), ...facts.instructions.map((each) => each.trim())].filter((each) => each.length > 0);

/** This system prompt, or null where it may not stand: the rows bring their own, it is too long, or the user allows fewer tokens. */
export function systemPrompt(text: string, recipe: Recipe, facts: RecipeFacts): string | null {
  if (facts.hasSystemMessages || text.length > longestSystem) return null;
  const most = facts.constraints.mostPromptTokens;
  return most !== null && promptTokens({ ...recipe.prompt, system: text }, facts) > most ? null : text;
}

/** The system prompt with the answer's form said at its end; null when there is nothing to say or it is said already. */
export function withFormatRules(recipe: Recipe, facts: RecipeFacts): string | null {
  const { system } = recipe.prompt;
  const rules = facts.formatRules;
  if (rules === null || rules === "" || system?.includes(rules) === true) return null;
  return systemPrompt(system === null ? rules : `${system}\n${rules}`, recipe, facts);
}

/** The same system prompt with the next wording of the instruction, the first after the last one; null without another. */
export function nextWording(recipe: Recipe, facts: RecipeFacts): string | null {
  const { system } = recipe.prompt;
  const all = wordings(facts);
  const rules = facts.formatRules !== null && system?.endsWith(facts.formatRules) === true ? facts.formatRules : null;
  const current = rules === null || system === null ? system : system.slice(0, -rules.length).trimEnd();
  const at = current === null || current === "" ? 0 : all.indexOf(current);
  const next = all[(at + 1) % all.length];
  if (next === undefined || facts.instructions.length === 0 || next === current) return null;
  return systemPrompt(rules === null ? next : `${next}\n${rules}`, recipe, facts);
}

export const samePrompt = (left: Prompt, right: Prompt): boolean =>
  left.system === right.system && left.fewShot === right.fewShot && (left.fewShot === 0 || left.shotSelection === right.shotSelection);

/**
 * A system prompt and worked examples make every row longer; without room for them the longest rows would be dropped.
 * Two characters a token is more room than ordinary text needs.
 */
export function roomForPrompt(recipe: Recipe, facts: RecipeFacts): Recipe {
  const { training, prompt } = recipe;
  if (training === null || (prompt.system === null && prompt.fewShot === 0)) return recipe;
  const wanted = facts.longestTokens + facts.shotTokens * prompt.fewShot + Math.ceil((prompt.system?.length ?? 0) / 2);
  const maxSequenceTokens = Math.min(Math.max(training.maxSequenceTokens, wanted), Math.max(training.maxSequenceTokens, facts.contextLength));
  return { ...recipe, training: { ...training, maxSequenceTokens } };
}
