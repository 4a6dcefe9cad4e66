import { describe, expect, it } from "vitest";
import { nodeSchema, type RunView, type TreeNode } from "../../contract/index.js";
import { emptyRun } from "../../session/index.js";
import { drawTree } from "./draw-tree.js";
import { runDocument, showDocument } from "./run-document.js";

const cost = { trainSeconds: 1, evalSeconds: 2, agentSeconds: 0, totalSeconds: 3, agentTokens: 0, energyJoules: null };
const node = (id: string, parent: string | null, changes: Partial<TreeNode> = {}): TreeNode => nodeSchema.parse({
  id, parent, kind: parent === null ? "baseline" : "improve", axis: "optimization", decidedBy: "house-planner",
  plan: { title: `Title of ${id}`, hypothesis: "", evidence: [], move: null, candidates: [], fallbackReason: null, numbers: {} },
  recipe: { data: [], prompt: { system: null, fewShot: 0 }, training: null, seed: 1 }, status: "done", stage: null, progress: null, verdict: "gain", failure: null, pilot: null,
  score: { score: 0.5, ci: [0.4, 0.6], n: 100 }, gain: null, finalist: null, secondary: {}, cost, memory: null, insight: null, hypothesisHeld: null, loss: [], samples: [],
  adapterPath: null, adapterSha256: null, createdAt: "", finishedAt: "", ...changes,
});
const view = (nodes: TreeNode[]): RunView => ({ ...emptyRun(), runId: "r", nodes, bestNodeId: "c" });

describe("drawing the tree", () => {
  it("draws branches, marks the best, and says why something failed", () => {
    const text = drawTree(view([
      node("a", null), node("b", "a", { status: "failed", score: null, verdict: "implementation-wrong", failure: { class: "OOM", code: "x", message: "Does not fit.", hint: "" } }),
      node("c", "a"), node("d", "c", { status: "pruned", score: null, pilot: { score: 0.1, ci: [0, 0.2], n: 20 }, verdict: "worse" }),
    ]));
    const lines = text.split("\n");
    expect(lines[0]).toMatch(/^● a {2}Title of a/);
    expect(lines[1]).toMatch(/^├─ ✕ b .*no score.*OOM: Does not fit\./);
    expect(lines[2]).toMatch(/^└─ ● c .*0\.500 \[0\.400, 0\.600\].*← best$/);
    expect(lines[3]).toMatch(/^ {3}└─ ◌ d .*\(pilot\)/);
  });

  it("hides nothing: a node whose parent is unknown is drawn as a root, and titles cannot paint the terminal", () => {
    const text = drawTree(view([node("a", null), node("x", "gone", { plan: { ...node("p", null).plan, title: "\u001b[31mred" } })]));
    expect(text.split("\n")).toHaveLength(2);
    expect(text).not.toContain("\u001b");
  });
});

describe("documents for scripts", () => {
  it("prints exactly the documented fields of a demo", () => {
    expect(Object.keys(runDocument(view([])))).toEqual(["runId", "seed", "nodes", "backtracks", "baseline", "vault", "cost", "adapter", "report"]);
    expect(Object.keys(runDocument(view([])).cost)).toEqual(["trainSeconds", "evalSeconds", "agentSeconds", "totalSeconds", "energyJoules"]);
  });

  it("shows a node before it has a score", () => {
    const shown = showDocument(view([node("a", null, { score: null, status: "running" })])) as { nodes: Record<string, unknown>[] };
    expect(shown.nodes[0]).toMatchObject({ id: "a", parent: null, score: null, ci: null, cost });
  });
});
