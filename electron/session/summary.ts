import type { RunSummary, RunView } from "../contract/index.js";

/** One line of the list of runs. */
export function summarizeRun(view: RunView): RunSummary {
  const best = view.nodes.find((node) => node.id === view.bestNodeId);
  return {
    runId: view.runId, status: view.status, createdAt: view.createdAt, finishedAt: view.finishedAt, cost: view.cost,
    goal: view.requirement?.goal ?? "", nodes: view.nodes.length, bestScore: best?.score?.score ?? null, vaultScore: view.vault?.score ?? null,
  };
}

/** The view of a run that no process works on: a journal that ends in the middle of work was interrupted. */
export function atRest(view: RunView): RunView {
  switch (view.status) {
    case "preparing":
    case "searching":
    case "finalists":
    case "vault":
      return { ...view, status: "interrupted", phase: "The program ended while this run was working. Everything finished was kept; resume continues it." };
    case "done":
    case "paused":
    case "stopped":
    case "failed":
    case "interrupted":
      return view;
  }
}
