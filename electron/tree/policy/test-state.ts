import type { Recipe, Training } from "../../contract/index.js";
import { createRandom, randomNormal } from "../../stats/index.js";
import { defaultTraining, initialRecipe } from "../recipes/initial-recipe.js";
import { plainFacts } from "../test-facts.js";
import type { PolicyNode, PolicyState } from "./state.js";

/** A policy's state from a few words. Only tests import this file. */
export const initial = initialRecipe(plainFacts);
export const withTraining = (change: Partial<Training>): Recipe => ({ ...initial, training: { ...defaultTraining(plainFacts), ...change } });

export function node(id: string, parent: string | null, reward: number | null, change: Partial<PolicyNode> = {}): PolicyNode {
  return {
    id, parent, kind: parent === null ? "baseline" : "improve", axis: "optimization", status: reward === null ? "failed" : "done", verdict: null, reward, openMoves: 5, move: null, recipe: initial, standardError: 0.03,
    pilot: null, costMs: 60_000, failure: null, hasAdapter: reward !== null && parent !== null, spectra: [], conditions: [], pinned: false, cutOff: false, ...change,
  };
}

export function state(nodes: readonly PolicyNode[], change: Partial<PolicyState> = {}): PolicyState {
  return { nodes, facts: plainFacts, priors: [], baselineScore: 0.3, reference: 1, noise: 0.03, budget: { remainingMs: 1_200_000, nodeMs: 60_000, nodesLeft: 20 }, ...change };
}

export const base = node("n0", null, 0.3, { recipe: { ...initial, data: [], training: null }, costMs: 8000 });
export const first = node("n1", "n0", 0.6);

/** Nodes at these learning rates, scored by a function of them with a little noise. */
export function atRates(rates: readonly number[], score: (learningRate: number) => number | null, seed = 1): PolicyNode[] {
  const random = createRandom(seed);
  return rates.map((learningRate, index) => {
    const value = score(learningRate);
    return node(`n${index + 2}`, "n1", value === null ? null : value + 0.01 * randomNormal(random), { recipe: withTraining({ learningRate }), move: "learning-rate", ...(value === null ? { failure: "DIVERGED" as const, verdict: "implementation-wrong" as const } : {}) });
  });
}
