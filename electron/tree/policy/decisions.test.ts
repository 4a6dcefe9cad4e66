import { describe, expect, it } from "vitest";
import { moveIds } from "../../contract/index.js";
import { createRandom, randomNormal } from "../../stats/index.js";
import { chooseFinalists, chooseWinner, complexityOf, estimateReserveMs, finalistsByScore, judgeNode, normaliseReward, planBudget, rewardReference, shouldStop, type FinalistCandidate, type PolicyNode, type PolicyState } from "../index.js";
import { expectedBest } from "./stop.js";
import { plainFacts as recipeFacts } from "../test-facts.js";
import { base, first, initial as recipe, node, state, withTraining } from "./test-state.js";

const rights = (right: number, n = 100): number[] => Array.from({ length: n }, (_, index) => (index < right ? 1 : 0));

describe("verdict", () => {
  it("counts a gain from the asked-for number of standard errors up", () => {
    const judge = (baseRights: number, candidate: number, gainSigmas = 2): string => judgeNode({ base: rights(baseRights), candidate: rights(candidate), gainSigmas });
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
  const options = { target: null, minimumNodes: 4, patience: 6 } as const;
  /** Recipes all over the place that score alike: the model has little left to hope for. */
  const flat = (count: number, score = 0.6, standardError = 0.004): PolicyNode[] => Array.from({ length: count }, (_, index) => node(`n${index + 2}`, "n1", score, {
    standardError,
    recipe: withTraining({
      learningRate: 1e-5 * 1000 ** ((index % 7) / 6), epochs: [0.5, 1, 2, 4, 7][index % 5]!, rank: [4, 16, 64][index % 3]!, alpha: [8, 32, 128][index % 3]!, dropout: 0.05 * (index % 4),
      tokensPerStep: [512, 2048, 4096][index % 3]!, weightDecay: 0.03 * (index % 3),
    }),
  }));
  const stop = (nodes: readonly PolicyNode[], change: Partial<PolicyState> = {}, asked: Partial<Parameters<typeof shouldStop>[1]> = {}): ReturnType<typeof shouldStop> => shouldStop(state([base, first, ...nodes], change), { ...options, ...asked });
  it("ends when the budget does not pay for another node, whatever the hopes", () => {
    expect(stop([], { budget: { remainingMs: 1, nodeMs: 60_000, nodesLeft: 0 } }).stop).toBe(true);
  });
  it("goes on at the start, and never ends for lack of prospects before its patience", () => {
    expect(stop([]).stop).toBe(false);
    expect(stop(flat(4)).stop).toBe(false);
    expect(stop(flat(4), {}, { patience: 2, minimumNodes: 1 }).reason).toContain("expected to bring");
  });
  it("ends when the next nodes together are expected to bring less than one standard error, and says how much", () => {
    const constraints = { ...recipeFacts.constraints, forbiddenMoves: moveIds.filter((move) => move !== "schedule" && move !== "weight-decay") };
    const little = stop(flat(12, 0.6, 0.03), { facts: { ...recipeFacts, constraints } }, { patience: 2 });
    expect(little.reason).toMatch(/The next 2 nodes together are expected to bring \d\.\d{3} more, under one standard error of the best one's score \(\d\.\d{3}\)/);
    expect(little.stop).toBe(true);
    expect(stop(flat(12, 0.6, 0.03), {}, { patience: 12 }).stop).toBe(false);
  });
  it("goes on while untried directions may bring more than the noise", () => {
    const rising = [1e-4, 2e-4, 4e-4].map((learningRate, index) => node(`n${index + 2}`, "n1", 0.5 + 0.1 * index, { recipe: withTraining({ learningRate }), standardError: 0.01 }));
    expect(stop(rising, { noise: 0.01 }, { patience: 3, minimumNodes: 3 }).stop).toBe(false);
  });
  it("ends at the target only when the score without its luck is there", () => {
    expect(stop(flat(5, 0.8), {}, { target: 0.75 }).stop).toBe(true);
    const lucky = [...flat(8, 0.6, 0.035), node("lucky", "n1", 0.7, { standardError: 0.035, recipe: withTraining({ learningRate: 3.3e-4 }) })];
    expect(stop(lucky, {}, { target: 0.7 }).reason).not.toContain("target");
  });
  it("expects of several prospects what their maximum is worth", () => {
    const random = createRandom(1);
    const prospects = Array.from({ length: 5 }, () => ({ mean: random() - 0.7, deviation: 0.2 + 0.3 * random(), feasible: 0.5 + 0.5 * random() }));
    let sum = 0;
    for (let round = 0; round < 100_000; round += 1) sum += Math.max(0, ...prospects.slice(0, 3).map(({ mean, deviation, feasible }) => (random() < feasible ? mean + deviation * randomNormal(random) : 0)));
    expect(expectedBest(prospects, 3)).toBeCloseTo(sum / 100_000, 2);
    expect(expectedBest([], 3)).toBe(0);
  });
});

describe("finalists", () => {
  const candidate = (nodeId: string, score: number, change: Parameters<typeof withTraining>[0] = {}, expected?: FinalistCandidate["expected"]): FinalistCandidate => ({ nodeId, score, standardError: 0.03, recipe: withTraining(change), ...(expected === undefined ? {} : { expected }) });
  const neighbours = [0.01, 0.02, 0.03, 0.04].map((dropout, index) => node(`n${index + 2}`, "n1", 0.66, { recipe: withTraining({ dropout, learningRate: 5e-4 }), standardError: 0.035 }));
  const lucky = node("lucky", "n1", 0.68, { recipe: withTraining({ learningRate: 2e-5, epochs: 0.5 }), standardError: 0.035 });
  const unlucky = [node("u1", "n1", 0.5, { recipe: withTraining({ learningRate: 2.4e-5, epochs: 0.5 }), standardError: 0.035 }), node("u2", "n1", 0.52, { recipe: withTraining({ learningRate: 1.7e-5, epochs: 0.5 }), standardError: 0.035 })];
  const run = state([base, first, ...neighbours, lucky, ...unlucky]);
  it("are chosen by what their neighbours say as well, not by the luckiest score", () => {
    expect(finalistsByScore(run).map(({ nodeId }) => nodeId)[0]).toBe("lucky");
    const chosen = chooseFinalists(run);
    expect(chosen).toHaveLength(3);
    expect(chosen.map(({ nodeId }) => nodeId)).not.toContain("lucky");
    expect(chosen.map(({ score }) => score)).toEqual([...chosen.map(({ score }) => score)].sort((left, right) => right - left));
  });
  it("are only what may be delivered", () => {
    const constraints = (deliver: "adapter" | "prompt"): PolicyState => ({ ...run, facts: { ...run.facts, constraints: { ...run.facts.constraints, deliver } } });
    expect(chooseFinalists(constraints("prompt")).map(({ nodeId }) => nodeId)).toEqual(["n0"]);
    expect(chooseFinalists(constraints("adapter"), 20).map(({ nodeId }) => nodeId)).not.toContain("n0");
    expect(chooseFinalists(state([]))).toEqual([]);
  });
  it("end with the simplest within one standard error, the better one on a tie", () => {
    expect(chooseWinner([candidate("best", 0.8, { rank: 64 }), candidate("simple", 0.78, { rank: 2 }), candidate("worse", 0.7, { rank: 1 })])?.nodeId).toBe("simple");
    expect(chooseWinner([candidate("a", 0.79), candidate("b", 0.8)])?.nodeId).toBe("b");
    expect(chooseWinner([candidate("nan", Number.NaN)])).toBeNull();
  });
  it("weigh new scores against what the search expected, by how sure each is", () => {
    const winner = (deviation: number): string | undefined =>
      chooseWinner([candidate("expected", 0.7, { rank: 2 }, { score: 0.72, deviation: 0 }), candidate("scored", 0.76, { rank: 64 }, { score: 0.66, deviation })])?.nodeId;
    expect(winner(0.005)).toBe("expected");
    expect(winner(0.5)).toBe("scored");
  });
  it("count every extra as a complication", () => {
    const training = recipe.training!;
    const base = complexityOf(recipe);
    expect(complexityOf({ ...recipe, training: null })).toBeLessThan(base);
    for (const change of [{ rank: 32 }, { epochs: 5 }, { dropout: 0.1 }, { weightDecay: 0.01 }, { warmStartFrom: "n1" }]) expect(complexityOf({ ...recipe, training: { ...training, ...change } })).toBeGreaterThan(base);
    expect(complexityOf({ ...recipe, training: { ...training, targets: "mlp" } })).toBeLessThan(base);
    expect(complexityOf({ ...recipe, data: [...recipe.data, { operator: "drop-conflicts" }] })).toBeGreaterThan(base);
    expect(complexityOf({ ...recipe, prompt: { system: "s", fewShot: 2, shotSelection: "fixed" } })).toBeGreaterThan(base + 2);
  });
});
