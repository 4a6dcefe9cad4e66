import type { PolicyFactory } from "../rivals/policy.js";
import { createProblem, type Family, type Scenario } from "../simulator/index.js";
import { bestKnown } from "./best-known.js";
import type { JudgedRun } from "./judged-run.js";
import { runPolicy } from "./run-policy.js";

/** Every policy on one problem. Policies meet the same problem, the same items and their own random streams. */
export async function judgeProblem(request: { readonly scenario: Scenario; readonly family: Family; readonly seed: number; readonly policies: readonly PolicyFactory[] }): Promise<JudgedRun[]> {
  const { scenario, family, seed } = request;
  const problem = createProblem(scenario, family, seed);
  const best = bestKnown(problem, seed);
  const runs: JudgedRun[] = [];
  for (const make of request.policies) {
    const run = await runPolicy(problem, make(), seed);
    const experiments = run.observations.filter((each) => each.kind !== "baseline");
    const failed = (is: (failure: string | null) => boolean): number => experiments.filter((each) => each.status === "failed" && is(each.failure)).length;
    const final = run.checkpoints.at(-1)?.vaultRate ?? 0;
    runs.push({
      family: family.name, policy: run.policy, seed, final, bestKnown: best,
      checkpoints: run.checkpoints.map(({ share, vaultRate }) => ({ share, score: vaultRate })),
      nodes: experiments.length,
      failures: { outOfMemory: failed((failure) => failure === "OOM"), diverged: failed((failure) => failure === "DIVERGED"), other: failed((failure) => failure !== "OOM" && failure !== "DIVERGED") },
      agentSeconds: run.decisionMs / 1000, spentShare: run.spentMs / problem.budgetMs,
    });
  }
  return runs;
}
