import { expect, it } from "vitest";
import { mean, pairedGain } from "../../stats/index.js";
import { createOurs, createProblem, createRandomSearch, parseScenario, type PolicyFactory } from "../index.js";
import { runPolicy } from "../bench/index.js";

/** The full comparison is `trex bench search`; here a few problems tell whether the policy still works at all. */
it("delivers better models than random search for the same machine time", { timeout: 60_000 }, async () => {
  const parsed = parseScenario({ version: 1, name: "test", budgetSeconds: 1800, families: [{ name: "ordinary" }, { name: "steep", constants: { rateCurvature: [0.05, 0.2], bestLearningRate: [1e-4, 2e-3] } }] });
  if (!parsed.ok) throw new Error(parsed.problem);
  const delivered = async (factory: PolicyFactory): Promise<number[]> => {
    const rates: number[] = [];
    for (const family of parsed.scenario.families) for (let seed = 1; seed <= 5; seed += 1) rates.push((await runPolicy(createProblem(parsed.scenario, family, seed), factory(), seed)).checkpoints.at(-1)!.vaultRate);
    return rates;
  };
  const [ours, random] = [await delivered(() => createOurs("ours", null)), await delivered(createRandomSearch)];
  expect(mean(ours)).toBeGreaterThan(mean(random));
  expect(pairedGain(random, ours, 1).ci[0]).toBeGreaterThan(0);
});
