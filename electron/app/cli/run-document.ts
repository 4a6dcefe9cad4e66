import type { Cost, Estimate, RunView } from "../../contract/index.js";

/** What scripts rely on (docs/json.md): the shape of `trex demo --json`, and the head of `trex run --json`. */
export interface RunDocument {
  readonly runId: string;
  readonly seed: number | null;
  readonly nodes: number;
  readonly backtracks: number;
  readonly baseline: Estimate | null;
  readonly vault: (Estimate & { readonly timesOpened: number }) | null;
  readonly cost: Pick<Cost, "trainSeconds" | "evalSeconds" | "agentSeconds" | "totalSeconds" | "energyJoules">;
  readonly adapter: string | null;
  readonly report: string | null;
}

export function runDocument(view: RunView): RunDocument {
  const { trainSeconds, evalSeconds, agentSeconds, totalSeconds, energyJoules } = view.cost;
  return {
    runId: view.runId,
    seed: view.requirement?.seed ?? null,
    nodes: view.nodes.length,
    backtracks: view.backtracks,
    baseline: view.baseline,
    vault: view.vault === null ? null : { score: view.vault.score, ci: view.vault.ci, n: view.vault.n, timesOpened: view.vault.timesOpened },
    cost: { trainSeconds, evalSeconds, agentSeconds, totalSeconds, energyJoules },
    adapter: view.delivery?.adapterPath ?? null,
    report: view.delivery?.reportPath ?? null,
  };
}

/** `trex show ID --json`: the run's head and the whole tree. */
export function showDocument(view: RunView): Readonly<Record<string, unknown>> {
  return {
    ...runDocument(view),
    nodes: view.nodes.map((node) => ({
      id: node.id, parent: node.parent, kind: node.kind, title: node.plan.title, status: node.status, stage: node.stage, verdict: node.verdict,
      axis: node.axis, move: node.plan.move, decidedBy: node.decidedBy, score: node.score?.score ?? null, ci: node.score?.ci ?? null, n: node.score?.n ?? null,
      gain: node.gain, cost: node.cost, adapter: node.adapterPath, failure: node.failure, insight: node.insight,
      recipe: node.recipe, plan: node.plan, decision: node.decision, hypothesisHeld: node.hypothesisHeld, conditions: node.conditions, failures: node.failures,
    })),
    status: view.status, phase: view.phase, goal: view.requirement?.goal ?? null, metric: view.requirement?.metric ?? null,
    createdAt: view.createdAt, finishedAt: view.finishedAt, bestNodeId: view.bestNodeId, baselineNodeId: view.baselineNodeId, noiseFloor: view.noiseFloor,
    budget: view.budget, gain: view.vault?.gain ?? null, pValue: view.vault?.pValue ?? null, delivery: view.delivery, regression: view.regression,
    failure: view.failure, warnings: view.warnings, steering: view.steering, cards: view.cards, rungCorrelation: view.rungCorrelation, plannerRetired: view.plannerRetired,
  };
}
