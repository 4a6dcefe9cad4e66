import { describe, expect, it } from "vitest";
import { mean } from "../../stats/index.js";
import { createRandomSearch, createTpe } from "../rivals/index.js";
import { createProblem, parseScenario } from "../simulator/index.js";
import { bestKnown, judgeProblem, losses, markdownReport, runPolicy, shareReaching, tabulate, tabulateAll, textReport, type JudgedRun } from "./index.js";

const run = (policy: string, seed: number, scores: readonly number[], change: Partial<JudgedRun> = {}): JudgedRun => ({
  family: "f", policy, seed, checkpoints: scores.map((score, index) => ({ share: (index + 1) / scores.length, score })), final: scores.at(-1)!, bestKnown: null, nodes: 10, failures: { outOfMemory: 1, diverged: 2, other: 0 }, agentSeconds: 3, spentShare: 0.9, ...change,
});
const seeds = Array.from({ length: 20 }, (_, seed) => seed);
/** Ours is ahead by .1 at the end and by .05 at half of the budget; the problem's own level varies much more. */
const level = (seed: number): number => 0.3 + 0.02 * seed;
const made = seeds.flatMap((seed) => [
  run("ours", seed, [level(seed), level(seed) + 0.15, level(seed) + 0.2 + 0.001 * (seed % 3)], { bestKnown: level(seed) + 0.25 }),
  run("rival", seed, [level(seed), level(seed) + 0.05, level(seed) + 0.1]),
  run("twin", seed, [level(seed), level(seed) + 0.15, level(seed) + 0.2 + 0.001 * ((seed + 1) % 3)]),
  run("variant", seed, [level(seed), level(seed), level(seed)]),
]);

describe("tables", () => {
  const [table] = tabulate(made, "ours", ["variant"]);
  const row = (policy: string) => table!.rows.find((each) => each.policy === policy)!;

  it("give regrets to the best known of the problem, whoever knows it", () => {
    expect(row("ours").regret).toBeCloseTo(0.05 - 0.001 * mean(seeds.map((seed) => seed % 3)), 12);
    expect(row("rival").regret).toBeCloseTo(0.15, 12);
    expect(row("rival").curve.map(({ regret }) => regret)).toEqual([0.25, 0.2, 0.15].map((value) => expect.closeTo(value, 12) as number));
    expect(row("rival").interval[0]).toBeCloseTo(0.15, 12);
    const unknown = tabulate(made.map((each) => ({ ...each, bestKnown: null })), "ours", ["variant"])[0]!;
    expect(unknown.rows.find((each) => each.policy === "ours")!.regret).toBeLessThan(0.001);
  });

  it("compare in pairs: a small lead counts when it is there in every seed", () => {
    expect(row("rival").against).toMatchObject({ verdict: "better" });
    expect(row("rival").against!.difference).toBeCloseTo(0.1 + 0.001 * mean(seeds.map((seed) => seed % 3)), 12);
    expect(row("twin").against).toMatchObject({ verdict: "not told apart" });
    expect(row("ours").against).toBeNull();
    expect(row("variant").against).toBeNull();
    expect(tabulate(made, "rival", ["variant"])[0]!.rows.find((each) => each.policy === "ours")!.against).toMatchObject({ verdict: "worse" });
  });

  it("correct for the number of rivals", () => {
    const against = row("rival").against!;
    expect(against.adjusted).toBeCloseTo(2 * against.pValue, 12);
  });

  it("say at which share of the budget the best rival's end is reached", () => {
    expect(table!.bestRival).toBe("twin");
    const alone = tabulate(made.filter((each) => each.policy !== "twin"), "ours", ["variant"])[0]!;
    // Ours stands at 0 at a third and at .15 at two thirds: .1 lies two thirds of the way between.
    expect(alone.reachedAt).toBeCloseTo(1 / 3 + (2 / 3) * (1 / 3), 9);
    expect(shareReaching([{ share: 0.5, regret: 0.1 }, { share: 1, regret: 0.1 }], 0.05)).toBeNull();
    expect(shareReaching([{ share: 0.5, regret: 0.1 }], 0.1)).toBe(0.5);
  });

  it("count failures per experiment", () => {
    expect(row("ours")).toMatchObject({ outOfMemoryShare: 0.1, divergedShare: 0.2, otherFailureShare: 0, nodes: 10, agentSeconds: 3, spentShare: 0.9 });
  });

  it("pool families with each seed of each as one pair", () => {
    const two = [...made, ...made.map((each) => ({ ...each, family: "g" }))];
    expect(tabulate(two, "ours")).toHaveLength(2);
    expect(tabulateAll(two, "ours").rows.find((each) => each.policy === "ours")!.runs).toBe(40);
  });

  it("are written for a terminal and for the documentation, losses first", () => {
    const report = { ours: "rival", tables: tabulate(made, "rival", ["variant"]), overall: tabulateAll(made, "rival", ["variant"]), missing: [{ policy: "language model alone", reason: "no model at hand" }] };
    expect(textReport(report)).toMatch(/language model alone +not run: no model at hand/);
    expect(losses(report)).toMatch(/f: worse than ours by 10\.\d\d points \(adjusted p <\.001\)/);
    const text = markdownReport(report);
    expect(text.indexOf("worse than ours")).toBeLessThan(text.indexOf("| policy |"));
    expect(text).toMatch(/\| \*\*rival\*\* \|/);
    const widths = new Set(text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split("|").length));
    expect(widths.size).toBe(1);
  });
});

describe("a simulated benchmark", () => {
  const parsed = parseScenario({ version: 1, name: "t", budgetSeconds: 1500, families: [{ name: "standard" }, { name: "null", constants: { trainableNats: 0, instructionGain: 0, formatRulesGain: 0, shotsGain: 0, similarGain: 0, coverageGain: 0, wordingSpread: 0, trainedPromptGain: 0, lossCorrelation: 0.99, duplicateCost: 0, conflictCost: 0, longRowsCost: 0, balanceGain: 0 } }] });
  if (!parsed.ok) throw new Error(parsed.problem);
  const { scenario } = parsed;

  it("repeats with its seed, whatever ran before", async () => {
    const judge = (seed: number): Promise<JudgedRun[]> => judgeProblem({ scenario, family: scenario.families[0]!, seed, policies: [createRandomSearch, createTpe] });
    const first = await judge(1);
    await judge(2);
    expect(await judge(1)).toEqual(first);
    expect(first.map((each) => each.policy)).toEqual(["random", "TPE"]);
    expect(first[0]!.checkpoints.map((each) => each.share).at(-1)).toBe(1);
  });

  it("knows a best score that random search does not beat", async () => {
    for (let seed = 0; seed < 5; seed += 1) {
      const problem = createProblem(scenario, scenario.families[0]!, seed);
      const search = await runPolicy(problem, createRandomSearch(), seed);
      expect(bestKnown(problem, seed)).toBeGreaterThan(search.checkpoints.at(-1)!.vaultRate - 0.005);
    }
  });

  it("hands over the prompted base where nothing helps", async () => {
    const lost = await Promise.all(Array.from({ length: 12 }, async (_, seed) => {
      const problem = createProblem(scenario, scenario.families[1]!, seed);
      return problem.constants.baseScore - (await runPolicy(problem, createRandomSearch(), seed)).checkpoints.at(-1)!.vaultRate;
    }));
    expect(mean(lost)).toBeLessThan(0.01);
  });

  it("hands over nothing better than the bare model before there is anything", async () => {
    const problem = createProblem(scenario, scenario.families[0]!, 1);
    const search = await runPolicy(problem, createRandomSearch(), 1, [0.001, 1]);
    expect(search.checkpoints[0]).toMatchObject({ nodeId: null, vaultRate: problem.constants.baseScore });
    expect(search.checkpoints[1]!.vaultRate).toBeGreaterThan(problem.constants.baseScore);
  });
});
