import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Recipe, Training } from "../../contract/index.js";
import { mean } from "../../stats/index.js";
import { baselineRecipes, initialRecipe } from "../recipes/initial-recipe.js";
import { createProblem, parseScenario, type Problem } from "../simulator/index.js";
import { bestKnown } from "./best-known.js";

const parsed = parseScenario(parse(readFileSync("resources/scenarios/built-in.yaml", "utf8")));
if (!parsed.ok) throw new Error(parsed.problem);
const { scenario } = parsed;
const problemsOf = (name: string, count = 30): Problem[] => Array.from({ length: count }, (_, seed) => createProblem(scenario, scenario.families.find((family) => family.name === name)!, seed));
const trained = ({ facts }: Problem, change: Partial<Training> = {}, recipe: Partial<Recipe> = {}): Recipe => {
  const start = initialRecipe(facts);
  return { ...start, ...recipe, training: { ...start.training!, ...change } };
};
const score = (problem: Problem, recipe: Recipe): number => problem.trueScore({ recipe, parent: null }) ?? 0;
/** Mean gain of a change over the default recipe. */
const gain = (name: string, change: Partial<Training>, recipe: (problem: Problem) => Partial<Recipe> = () => ({})): number => mean(problemsOf(name).map((problem) => score(problem, trained(problem, change, recipe(problem))) - score(problem, trained(problem))));
const failures = (name: string, change: Partial<Training>): number => mean(problemsOf(name).map((problem) => (problem.train({ recipe: trained(problem, change), parent: null }, 1).ok ? 0 : 1)));

describe("built-in families differ in what they promise", () => {
  it("published-sft: the default rate is near enough, and something else is worth finding", () => {
    expect(Math.abs(gain("published-sft", { learningRate: 4e-4 }))).toBeLessThan(0.01);
    const left = mean(problemsOf("published-sft", 10).map((problem, seed) => bestKnown(problem, seed) - score(problem, trained(problem))));
    expect(left).toBeGreaterThan(0.05);
  });

  it("shifted-rate: ten times the default rate is much better", () => {
    expect(gain("shifted-rate", { learningRate: 3e-3 })).toBeGreaterThan(0.05);
    expect(gain("published-sft", { learningRate: 3e-3 })).toBeLessThan(-0.2);
  });

  it("cliff: a rate that most tasks bear diverges, and the default mostly does not", () => {
    expect(failures("cliff", { learningRate: 1.2e-3 })).toBeGreaterThan(0.7);
    expect(failures("published-sft", { learningRate: 1.2e-3 })).toBeLessThan(0.4);
    expect(failures("cliff", {})).toBeLessThan(0.2);
  });

  it("tight-memory: the default fits and what is larger does not", () => {
    expect(failures("tight-memory", {})).toBe(0);
    expect(failures("tight-memory", { rank: 64, alpha: 128 })).toBe(1);
    expect(failures("tight-memory", { rank: 64, alpha: 128, tokensPerStep: 512 })).toBe(1);
    expect(failures("published-sft", { rank: 64, alpha: 128 })).toBeLessThan(0.5);
  });

  it("dirty-data: removing contradictions is worth more than anywhere else", () => {
    const clean = (problem: Problem): Partial<Recipe> => ({ data: [...initialRecipe(problem.facts).data, { operator: "drop-conflicts" }] });
    expect(gain("dirty-data", {}, clean)).toBeGreaterThan(0.03);
    expect(gain("dirty-data", {}, clean)).toBeGreaterThan(2 * gain("published-sft", {}, clean));
  });

  it("prompt-wins: the best untrained prompt beats the default training", () => {
    const lead = (name: string): number => mean(problemsOf(name).map((problem) => {
      const { goal, formatRules, shotTokens } = problem.facts;
      const bare = baselineRecipes(problem.facts)[0]!.recipe;
      const best = { ...bare, prompt: { system: `${goal}\n${formatRules!}`, fewShot: shotTokens > 0 ? 4 : 0, shotSelection: "similar" as const } };
      return score(problem, best) - score(problem, trained(problem));
    }));
    expect(lead("prompt-wins")).toBeGreaterThan(0.1);
    expect(lead("published-sft")).toBeLessThan(0);
  });

  it("forgetful: what hot and long training loses shows on the vault, not where the search looks", () => {
    const hidden = (name: string): number => mean(problemsOf(name).flatMap((problem) => {
      const model = problem.train({ recipe: trained(problem, { learningRate: 8e-4, epochs: 6 }), parent: null }, 1);
      return model.ok ? [model.rate - model.vaultRate] : [];
    }));
    expect(hidden("forgetful")).toBeGreaterThan(0.05);
    expect(hidden("published-sft")).toBeLessThan(0.03);
  });

  it("tiny-data: more passes help until they hurt", () => {
    expect(gain("tiny-data", { epochs: 5 })).toBeGreaterThan(0.02);
    expect(gain("tiny-data", { epochs: 40 })).toBeLessThan(gain("tiny-data", { epochs: 5 }));
    expect(Math.max(...problemsOf("tiny-data").map((problem) => problem.facts.trainRows))).toBeLessThanOrEqual(400);
  });

  it("misleading-pilot: a pilot's order is not the full training's", () => {
    const agreement = (name: string): number => mean(problemsOf(name, 20).map((problem) => {
      const rates = [1e-4, 2e-4, 4e-4, 8e-4].flatMap((learningRate) => [1, 2, 4].map((epochs) => trained(problem, { learningRate, epochs })));
      const pairs = rates.flatMap((recipe) => {
        const [pilot, full] = [problem.train({ recipe, parent: null }, 0.25), problem.train({ recipe, parent: null }, 1)];
        return pilot.ok && full.ok ? [[pilot.rate, full.rate] as const] : [];
      });
      const ordered = pairs.flatMap((left, at) => pairs.slice(at + 1).map((right) => ((left[0] - right[0]) * (left[1] - right[1]) > 0 ? 1 : 0)));
      return mean(ordered);
    }));
    expect(agreement("misleading-pilot")).toBeLessThan(agreement("published-sft") - 0.08);
  });

  it("many-knobs: what the batch should be depends on the rate far more than elsewhere", () => {
    const interplay = (name: string): number => mean(problemsOf(name).map((problem) => {
      const at = (learningRate: number, tokensPerStep: number): number => score(problem, trained(problem, { learningRate, tokensPerStep }));
      return Math.abs(at(1e-4, 1024) - at(1e-4, 4096) - at(6e-4, 1024) + at(6e-4, 4096));
    }));
    expect(interplay("many-knobs")).toBeGreaterThan(1.5 * interplay("published-sft"));
  });

  it("null: the best there is hardly beats the base model", () => {
    const left = problemsOf("null", 10).map((problem, seed) => bestKnown(problem, seed) - problem.constants.baseScore);
    expect(mean(left)).toBeLessThan(0.02);
    expect(mean(left)).toBeGreaterThanOrEqual(0);
  });
});
