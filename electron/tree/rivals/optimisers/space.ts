import { schedules, shotSelections, loraTargets, type NumericField, type Recipe } from "../../../contract/index.js";
import { fromUnit, numberFields, toUnit } from "../../numbers/unit-scale.js";
import type { RecipeFacts } from "../../recipes/facts.js";
import { defaultTraining, fewShotCount, initialRecipe, instructionOf } from "../../recipes/initial-recipe.js";
import { roomForPrompt } from "../../recipes/prompts.js";

/**
 * The whole space of recipes as a fixed list of numbers and choices, for optimisers that know nothing of moves: six
 * numbers on 0..1 and every switch that a move could set. Warm starts and ranks of single tensors depend on a parent
 * and have no place in it.
 */
export const choices = {
  train: 2, schedule: schedules.length, targets: loraTargets.length,
  deduplicate: 2, dropConflicts: 2, dropLong: 2, balance: 2, sample: 3,
  instruction: 6, formatRules: 2, shots: 1 + shotSelections.length,
} as const;
export type Choice = keyof typeof choices;
export const choiceNames = Object.keys(choices) as readonly Choice[];

export interface Point {
  /** In the order of `numberFields`, each 0..1. */
  readonly numbers: readonly number[];
  /** In the order of `choiceNames`, each a whole number from 0. */
  readonly choices: readonly number[];
}

/** How many options a choice really has in this task; 1 where there is nothing to choose. */
export function optionsOf(choice: Choice, facts: RecipeFacts): number {
  switch (choice) {
    case "deduplicate": return facts.duplicates > 0 ? 2 : 1;
    case "dropConflicts": return facts.conflicts > 0 ? 2 : 1;
    case "instruction": return facts.hasSystemMessages ? 1 : Math.min(choices.instruction, 2 + facts.instructions.length);
    case "formatRules": return facts.hasSystemMessages || facts.formatRules === null ? 1 : 2;
    case "shots": return fewShotCount(facts) > 0 ? choices.shots : 1;
    case "train": case "schedule": case "targets": case "dropLong": case "balance": case "sample": return choices[choice];
  }
}

/** One in five draws is a prompt without training: cheap, and sometimes all that is needed. */
const untrainedShare = 0.2;

/** Even over everything but `train`. */
export function drawPoint(random: () => number, facts: RecipeFacts): Point {
  return { numbers: numberFields.map(() => random()), choices: choiceNames.map((choice) => (choice === "train" ? (random() < untrainedShare ? 0 : 1) : Math.floor(random() * optionsOf(choice, facts)))) };
}

/** The point of the default recipe, where every policy starts. */
export function defaultPoint(facts: RecipeFacts): Point {
  const training = defaultTraining(facts);
  const on = initialRecipe(facts).data.length > 0 ? 1 : 0;
  return {
    numbers: numberFields.map((field) => toUnit(field, training[field])),
    choices: choiceNames.map((choice) => (choice === "train" ? 1 : choice === "deduplicate" ? on : choice === "targets" ? loraTargets.indexOf("all") : 0)),
  };
}

export function recipeAt(point: Point, facts: RecipeFacts): Recipe {
  const unit = (field: NumericField): number => Math.min(1, Math.max(0, point.numbers[numberFields.indexOf(field)] ?? 0));
  const chosen = (choice: Choice): number => point.choices[choiceNames.indexOf(choice)] ?? 0;
  const standard = defaultTraining(facts);
  const value = (field: NumericField): number => fromUnit(field, unit(field));
  const rank = Math.min(facts.constraints.mostRank ?? 256, Math.max(1, Math.round(value("rank"))));
  const sample = [1, 0.5, 0.25][chosen("sample")] ?? 1;
  const wording = chosen("instruction");
  const instruction = wording === 0 ? null : wording === 1 ? instructionOf(facts) : (facts.instructions[wording - 2] ?? null);
  const rules = chosen("formatRules") === 1 ? facts.formatRules : null;
  const system = instruction === null ? rules : rules === null ? instruction : `${instruction}\n${rules}`;
  const shots = chosen("shots");
  const prompt = { system, fewShot: shots === 0 ? 0 : fewShotCount(facts, system), shotSelection: shots === 0 ? "fixed" : (shotSelections[shots - 1] ?? "fixed") } as const;
  if (chosen("train") === 0) return { data: [], prompt, training: null, seed: facts.seed };
  return roomForPrompt({
    data: [
      ...(chosen("deduplicate") === 1 ? [{ operator: "deduplicate" } as const] : []),
      ...(chosen("dropConflicts") === 1 ? [{ operator: "drop-conflicts" } as const] : []),
      ...(chosen("dropLong") === 1 ? [{ operator: "drop-long", longestPercentile: 95 } as const] : []),
      ...(chosen("balance") === 1 ? [{ operator: "balance-answers", strength: 0.5 } as const] : []),
      ...(sample < 1 ? [{ operator: "sample", fraction: sample } as const] : []),
    ],
    prompt,
    training: {
      ...standard, learningRate: value("learningRate"), rank, alpha: Math.min(1024, Math.max(1, (standard.alpha / standard.rank) * rank)), epochs: value("epochs"),
      dropout: value("dropout"), weightDecay: value("weightDecay"), tokensPerStep: Math.round(value("tokensPerStep")),
      schedule: schedules[chosen("schedule")] ?? standard.schedule, targets: loraTargets[chosen("targets")] ?? standard.targets,
    },
    seed: facts.seed,
  }, facts);
}
