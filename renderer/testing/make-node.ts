import { nodeSchema, runViewSchema, type RunView, type TreeNode } from "../contract.js";

const zeroCost = { trainSeconds: 0, evalSeconds: 0, agentSeconds: 0, totalSeconds: 0, agentTokens: 0, energyJoules: null };

/** The smallest node that follows the contract, with whatever a test cares about put in. For tests only. */
export function makeNode(over: Partial<TreeNode> & Pick<TreeNode, "id">): TreeNode {
  return nodeSchema.parse({
    parent: null, kind: "improve", axis: "data", decidedBy: "house-planner", status: "done", stage: null, progress: null, verdict: null, failure: null,
    plan: { title: over.id, hypothesis: "", evidence: [], move: null, candidates: [], fallbackReason: null, numbers: {} },
    recipe: { data: [], prompt: { system: null, fewShot: 0 }, training: null, seed: 1 },
    pilot: null, score: null, gain: null, finalist: null, secondary: {}, cost: zeroCost, memory: null, insight: null, hypothesisHeld: null,
    loss: [], samples: [], adapterPath: null, adapterSha256: null, createdAt: "2026-01-01T00:00:00Z", finishedAt: null, ...over,
  });
}

export const scored = (score: number, half = 0.05): NonNullable<TreeNode["score"]> => ({ score, ci: [score - half, score + half], n: 100 });

export function makeView(over: Partial<RunView> = {}): RunView {
  return runViewSchema.parse({
    runId: "r1", status: "searching", phase: "Searching.", createdAt: "2026-01-01T00:00:00Z", finishedAt: null, requirement: null, importReport: null, nodes: [],
    bestNodeId: null, baselineNodeId: null, backtracks: 0, noiseFloor: null, budget: { totalMs: 1000, spentMs: 0, forecastMs: null }, cost: zeroCost, baseline: null,
    vault: null, regression: [], delivery: null, failure: null, warnings: [], insights: [], ...over,
  });
}
