import { expect, it } from "vitest";
import { mean, pairedGain } from "../../stats/index.js";
import { createOurs, createProblem, createRandomSearch, parseScenario, type PolicyFactory } from "../index.js";
import { runPolicy } from "../bench/index.js";

/** The full comparison is `trex bench search`; here a few problems tell whether the policy still works at all. */
it("delivers better models than random search for the same machine time", { timeout: 60_000 }, async () => {
  const parsed = parseScenario({ version: 1, name: "test", budgetSeconds: 1200, families: [{ name: "ordinary" }, { name: "shifted-rate", constants: { bestLearningRate: [2e-3, 5e-3], cliffLearningRate: [1.2e-2, 3e-2], rateCurvature: [0.04, 0.08] } }] });
  if (!parsed.ok) throw new Error(parsed.problem);
  const delivered = async (factory: PolicyFactory): Promise<number[]> => {
    const rates: number[] = [];
    for (const family of parsed.scenario.families) for (let seed = 1; seed <= 7; seed += 1) rates.push((await runPolicy(createProblem(parsed.scenario, family, seed), factory(), seed, [1])).checkpoints.at(-1)!.vaultRate);
    return rates;
  };
  const [ours, random] = [await delivered(() => createOurs("ours", null)), await delivered(createRandomSearch)];
  expect(mean(ours)).toBeGreaterThan(mean(random));
  expect(pairedGain(random, ours, 1).ci[0]).toBeGreaterThan(0);
});
