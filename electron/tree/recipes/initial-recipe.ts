import type { Recipe, Training } from "../../contract/index.js";
import type { RecipeFacts } from "./facts.js";
import { promptTokens } from "./prompt-tokens.js";

/** Sequence lengths are rounded up to this, so that a change of one token in the data is not a new configuration. */
const lengthStep = 16;

/**
 * The default QLoRA training: rate 3e-4, all linear layers, alpha = 2 * rank. Loss is flat around this point over
 * 35 models (reliability.md 14 and 15); the task may override any of the numbers.
 */
export function defaultTraining(facts: RecipeFacts): Training {
  const { defaults } = facts;
  const rank = Math.min(defaults.rank ?? 16, facts.constraints.mostRank ?? 256);
  const longest = Math.max(lengthStep, Math.ceil(facts.longestTokens / lengthStep) * lengthStep);
  return {
    learningRate: defaults.learningRate ?? 3e-4,
    rank,
    alpha: 2 * rank,
    targets: "all",
    epochs: defaults.epochs ?? 2,
    schedule: "cosine",
    warmupFraction: 0.05,
    weightDecay: 0,
    dropout: 0,
    tokensPerStep: defaults.tokensPerStep ?? 2048,
    maxSequenceTokens: defaults.maxSequenceTokens ?? Math.min(longest, facts.contextLength, 131_072),
    ranks: {},
    warmStartFrom: null,
  };
}

/** The first experiment: the default recipe on all of the data. Exact repeats are noise, so they go when there are any. */
export function initialRecipe(facts: RecipeFacts): Recipe {
  return {
    data: facts.duplicates > 0 ? [{ operator: "deduplicate" }] : [],
    prompt: { system: null, fewShot: 0, shotSelection: "fixed" },
    training: defaultTraining(facts),
    seed: facts.seed,
  };
}

export interface BaselineRecipe {
  readonly name: "zero-shot" | "few-shot" | "instruction" | "instruction-few-shot";
  readonly title: string;
  readonly recipe: Recipe;
}

/** What an untrained model can do: a gain is counted over the best of these, never over the bare model alone. */
export function baselineRecipes(facts: RecipeFacts): readonly BaselineRecipe[] {
  const recipe = (system: string | null, fewShot: number): Recipe => ({ data: [], prompt: { system, fewShot, shotSelection: "fixed" }, training: null, seed: facts.seed });
  const most = facts.constraints.mostPromptTokens ?? Number.POSITIVE_INFINITY;
  const wanted = facts.hasSystemMessages ? null : instructionOf(facts);
  const instruction = wanted === null || promptTokens({ system: wanted, fewShot: 0, shotSelection: "fixed" }, facts) > most ? null : wanted;
  const shots = fewShotCount(facts, null);
  const both = instruction === null ? 0 : fewShotCount(facts, instruction);
  const all: BaselineRecipe[] = [{ name: "zero-shot", title: "Base model as it is", recipe: recipe(null, 0) }];
  if (shots > 0) all.push({ name: "few-shot", title: `Base model with ${shots} worked examples`, recipe: recipe(null, shots) });
  if (instruction !== null) all.push({ name: "instruction", title: "Base model with the task in the system prompt", recipe: recipe(instruction, 0) });
  if (instruction !== null && both > 0) {
    all.push({ name: "instruction-few-shot", title: `Base model with the task and ${both} worked examples`, recipe: recipe(instruction, both) });
  }
  return all;
}

/**
 * As many worked examples as leave room for one more row of their length and as the user allows: at most four, none when
 * not even one fits. The longest row does not count here: one freak row would take the examples from all the others.
 * @param system the system prompt they stand beside
 */
export function fewShotCount(facts: RecipeFacts, system: string | null = null): number {
  if (facts.shotTokens <= 0) return 0;
  const most = facts.constraints.mostPromptTokens ?? Number.POSITIVE_INFINITY;
  const left = most - promptTokens({ system, fewShot: 0, shotSelection: "fixed" }, facts);
  return Math.max(0, Math.min(4, Math.floor(facts.contextLength / facts.shotTokens) - 1, facts.trainRows, Math.floor(left / facts.shotTokens)));
}

/** The contract's limit on a system prompt; the goal's own limit is the same, so nothing is cut in practice. */
export const instructionOf = (facts: RecipeFacts): string => facts.goal.trim().slice(0, 4000);
