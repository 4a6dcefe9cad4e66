import { describe, expect, it } from "vitest";
import { createRandom, mean, pairedGain, standardError } from "../stats/index.js";
import {
  chooseFinalists, chooseWinner, complexityOf, createLandscape, decidePromotion, estimateReserveMs, initialRecipe, judgeNode, normaliseReward, planBudget, randomRecipes, randomSearch, rewardReference, shouldStop, simulateSearch,
  type FinalistCandidate, type SearchNode,
} from "./index.js";

const recipe = initialRecipe({ goal: "g", trainRows: 100, duplicates: 0, conflicts: 0, longestTokens: 50, shotTokens: 40, hasSystemMessages: false, contextLength: 512, seed: 1, defaults: {} });
const rights = (right: number, n = 100): number[] => Array.from({ length: n }, (_, index) => (index < right ? 1 : 0));

describe("promotion and verdict", () => {
  it("stops a pilot only when it is surely worse on the same items", () => {
    expect(decidePromotion({ candidate: rights(30), incumbent: rights(60), seed: 1 })).toMatchObject({ promote: false });
    expect(decidePromotion({ candidate: rights(59), incumbent: rights(60), seed: 1 }).promote).toBe(true);
    expect(decidePromotion({ candidate: rights(80), incumbent: rights(60), seed: 1 }).promote).toBe(true);
    expect(decidePromotion({ candidate: [], incumbent: [], seed: 1 }).promote).toBe(true);
    // Ten items, one lost: far from sure.
    expect(decidePromotion({ candidate: rights(5, 10), incumbent: rights(6, 10), seed: 1 }).promote).toBe(true);
  });
  it("counts a gain from the asked-for number of standard errors up", () => {
    const judge = (base: number, candidate: number, gainSigmas = 2): string => judgeNode({ base: rights(base), candidate: rights(candidate), gainSigmas });
    // Nested sets: d items differ, the standard error of the difference is sqrt(d/100 * (1 - d/100) / 99).
    expect(judge(50, 54)).toBe("gain"); // 0.04 against 2 * 0.0197
    expect(judge(50, 53)).toBe("within-noise"); // 0.03 against 2 * 0.0171
    expect(judge(50, 53, 1)).toBe("gain");
    expect(judge(50, 50)).toBe("within-noise");
    expect(judge(50, 40)).toBe("worse");
  });
});

describe("reward", () => {
  it("is the share of the way to the reference, or the position between the ends", () => {
    const reward = (score: number, reference: number | null): number => normaliseReward({ score, baseline: 0.2, reference, lowest: 0.1, highest: 0.5 });
    expect(reward(0.6, 1)).toBeCloseTo(0.5, 12);
    expect(reward(-5, 1)).toBe(-1);
    expect(reward(0.3, null)).toBeCloseTo(0.5, 12);
    expect(normaliseReward({ score: 2, baseline: 0, reference: 1, lowest: 0, highest: 2 })).toBe(1.5);
    expect(normaliseReward({ score: 1, baseline: 1, reference: 1, lowest: 1, highest: 1 })).toBe(0.5);
    expect([rewardReference("exact-match"), rewardReference("perplexity")]).toEqual([1, null]);
  });
});

describe("budget", () => {
  const plan = (change: Partial<Parameters<typeof planBudget>[0]>): ReturnType<typeof planBudget> =>
    planBudget({ totalMs: 100_000, spentMs: 40_000, nodeCostsMs: [9000, 10_000, 70_000], firstNodeMs: 5000, reserveMs: 20_000, nodesAllowed: 50, ...change });
  it("pays for nodes of median cost with the end kept paid", () => {
    expect(plan({})).toMatchObject({ remainingMs: 60_000, nodeMs: 10_000, nodesLeft: 4, canAffordNode: true, forecastMs: 100_000 });
    expect(plan({ spentMs: 70_001 })).toMatchObject({ nodesLeft: 0, canAffordNode: false });
    expect(plan({ spentMs: 70_000 })).toMatchObject({ nodesLeft: 1, canAffordNode: true });
    expect(plan({ nodesAllowed: 2 })).toMatchObject({ nodesLeft: 2, forecastMs: 80_000 });
    expect(plan({ nodesAllowed: 0 })).toMatchObject({ canAffordNode: false, reason: "The run has all the nodes it may have." });
    expect(plan({ nodeCostsMs: [] })).toMatchObject({ nodeMs: 5000, nodesLeft: 8 });
    expect(plan({ spentMs: 130_000 })).toMatchObject({ remainingMs: 0, nodesLeft: 0, forecastMs: 130_000 });
  });
  it("keeps back more for more finalists, items and training", () => {
    const request = { finalists: 2, trainMs: 10_000, itemMs: 20, selectItems: 100, vaultItems: 200, regressionMs: 1000 };
    const reserve = estimateReserveMs(request);
    expect(reserve).toBe(Math.ceil(1.25 * (20_000 + (400 + 400) * 20 + 1000) + 2000));
    for (const change of [{ finalists: 3 }, { trainMs: 20_000 }, { itemMs: 30 }, { vaultItems: 400 }]) expect(estimateReserveMs({ ...request, ...change })).toBeGreaterThan(reserve);
  });
});

describe("shouldStop", () => {
  const history = (rewards: readonly number[]): SearchNode[] => rewards.map((reward, index) => ({ id: `n${index}`, parent: index === 0 ? null : "n0", kind: index === 0 ? "baseline" : "improve", axis: "data", status: "done", verdict: null, reward, openMoves: 3 }));
  const stop = (rewards: readonly number[], change: Partial<Parameters<typeof shouldStop>[0]> = {}): boolean =>
    shouldStop({ nodes: history(rewards), standardError: 0.03, patience: 3, minimumNodes: 4, canAffordNode: true, highestReward: 1, ...change }).stop;
  it("ends on a plateau of less than one standard error, not before the least number of nodes", () => {
    expect(stop([0.2, 0.6, 0.6, 0.61, 0.6])).toBe(true);
    expect(stop([0.2, 0.6, 0.6, 0.61, 0.6], { minimumNodes: 5 })).toBe(false);
    expect(stop([0.2, 0.6, 0.6, 0.64, 0.6])).toBe(false);
    expect(stop([0.2, 0.6, 0.61, 0.6], { minimumNodes: 1, patience: 5 })).toBe(false);
  });
  it("ends when the budget is gone or nothing is left to gain", () => {
    expect(stop([0.2], { canAffordNode: false })).toBe(true);
    expect(stop([0.2, 0.6, 0.7, 0.8, 1])).toBe(true);
    expect(stop([0.2, 0.6, 0.7, 0.8, 1], { highestReward: null })).toBe(false);
  });
});

describe("finalists", () => {
  const candidate = (nodeId: string, score: number, change: Partial<NonNullable<typeof recipe.training>> = {}): FinalistCandidate => ({ nodeId, score, standardError: 0.03, recipe: { ...recipe, training: { ...recipe.training!, ...change } } });
  it("are the best and the simplest within one standard error of it, three at most", () => {
    const all = [candidate("far", 0.6), candidate("simple", 0.78, { rank: 2 }), candidate("best", 0.8, { rank: 64 }), candidate("middle", 0.79, { rank: 8 }), candidate("large", 0.795, { rank: 64, epochs: 6 })];
    expect(chooseFinalists(all).map((each) => each.nodeId)).toEqual(["best", "simple", "middle"]);
    expect(chooseFinalists(all, 1).map((each) => each.nodeId)).toEqual(["best"]);
    expect(chooseFinalists([])).toEqual([]);
  });
  it("end with the simplest within one standard error, the better one on a tie", () => {
    expect(chooseWinner([candidate("best", 0.8, { rank: 64 }), candidate("simple", 0.78, { rank: 2 }), candidate("worse", 0.7, { rank: 1 })])?.nodeId).toBe("simple");
    expect(chooseWinner([candidate("a", 0.79), candidate("b", 0.8)])?.nodeId).toBe("b");
    expect(chooseWinner([candidate("nan", Number.NaN)])).toBeNull();
  });
  it("count every extra as a complication", () => {
    const training = recipe.training!;
    const base = complexityOf(recipe);
    expect(complexityOf({ ...recipe, training: null })).toBeLessThan(base);
    for (const change of [{ rank: 32 }, { epochs: 5 }, { dropout: 0.1 }, { weightDecay: 0.01 }, { warmStartFrom: "n1" }]) expect(complexityOf({ ...recipe, training: { ...training, ...change } })).toBeGreaterThan(base);
    expect(complexityOf({ ...recipe, training: { ...training, targets: "mlp" } })).toBeLessThan(base);
    expect(complexityOf({ ...recipe, data: [{ operator: "drop-conflicts" }] })).toBeGreaterThan(base);
    expect(complexityOf({ ...recipe, prompt: { system: "s", fewShot: 2 } })).toBeGreaterThan(base + 2);
  });
});

describe("the simulator", () => {
  it("draws items at the true rate, as hard in one node as in the next", () => {
    const landscape = createLandscape(3, 4000);
    const first = landscape.items(recipe, createRandom(1))!;
    const second = landscape.items(recipe, createRandom(2))!;
    expect(Math.abs(mean(first) - landscape.trueScore(recipe)!)).toBeLessThan(0.03);
    const difference = standardError(first.map((score, index) => score - second[index]!));
    expect(difference).toBeLessThan(0.9 * Math.SQRT2 * standardError(first));
  });
  it("has a cliff, an optimum and a price for less data", () => {
    const landscape = createLandscape(5);
    const at = (learningRate: number): number | null => landscape.trueScore({ ...recipe, training: { ...recipe.training!, learningRate } });
    expect(at(1e-2)).toBeNull();
    expect(at(1e-5)!).toBeLessThan(at(5e-4)!);
    expect(landscape.trueScore({ ...recipe, data: [{ operator: "sample", fraction: 0.25 }] })!).toBeLessThan(landscape.trueScore(recipe)!);
  });
  it("lets the search beat random choice at the same number of nodes", { timeout: 120_000 }, () => {
    const experiments = 20;
    const landscapes = Array.from({ length: 60 }, (_, seed) => createLandscape(1000 + seed));
    const gains = (policy: typeof randomSearch): number[] => landscapes.map((landscape, seed) => {
      const { trueScore, baseScore } = policy(landscape, experiments, seed);
      return trueScore - baseScore;
    });
    const runs = landscapes.map((landscape, seed) => simulateSearch(landscape, experiments, seed));
    const searched = runs.map(({ trueScore, baseScore }) => trueScore - baseScore);
    const random = gains(randomSearch);
    const hard = gains(randomRecipes);
    const ahead = searched.filter((gain, index) => gain > random[index]!).length / searched.length;
    console.log(
      `${experiments} nodes, ${landscapes.length} landscapes: true gain over the base ${mean(searched).toFixed(3)} by search, ${mean(random).toFixed(3)} by random choice (ratio ${(mean(searched) / mean(random)).toFixed(2)}, ahead in ${Math.round(100 * ahead)} %), ` +
        `${mean(hard).toFixed(3)} by independent random recipes (ratio ${(mean(searched) / mean(hard)).toFixed(2)})`,
    );
    expect(runs.every((run) => run.nodes.length === experiments + 1)).toBe(true);
    expect(mean(runs.map((run) => run.backtracks))).toBeGreaterThan(1);
    // Measured: 9 % more, 3.6 standard errors above nothing. Half of that would already be a broken policy.
    expect(mean(searched)).toBeGreaterThan(1.03 * mean(random));
    expect(pairedGain(random, searched, 1).ci[0]).toBeGreaterThan(0);
  });
  it("repeats with its seed", () => {
    expect(simulateSearch(createLandscape(1), 8, 4)).toEqual(simulateSearch(createLandscape(1), 8, 4));
    expect(simulateSearch(createLandscape(1), 8, 4).nodes).not.toEqual(simulateSearch(createLandscape(1), 8, 5).nodes);
  });
});
