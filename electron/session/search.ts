import { FailureError, type PlannerContext } from "../contract/index.js";
import { planBudget, rewardReference, shouldStop, type BudgetPlan, type RecipeFacts } from "../tree/index.js";
import { createDraft } from "./baselines.js";
import { reserveMs } from "./budget.js";
import { runExperiment } from "./experiment.js";
import { noiseNow } from "./pairing.js";
import { proposeNode, searchNodes } from "./propose.js";
import { requirementOf, stopIfAsked, type Work } from "./work.js";

/** Experiments in a row that may leave the best score where it is before the search is called finished. */
const patience = 16;
const leastExperiments = 8;
/** The machine failing so often in a row is no accident of one recipe. */
const mostMachineFailures = 2;
const mostFailuresInARow = 6;

/** Explores until the budget, the moves or the gains run out. Gives the sentence that says why it ended. */
export async function search(work: Work, facts: RecipeFacts): Promise<string> {
  for (;;) {
    stopIfAsked(work);
    const view = work.ledger.view();
    const open = view.nodes.find((node) => node.finishedAt === null);
    if (open !== undefined) {
      await work.ledger.append({ type: "status-changed", status: "searching", phase: `Running ${open.id}: ${open.plan.title}.` }, "relaxed");
      await runExperiment(work, open.id);
      continue;
    }
    if (!view.nodes.some((node) => node.kind !== "baseline")) {
      await createDraft(work, facts);
      continue;
    }
    const trouble = failuresInARow(work);
    if (trouble >= mostFailuresInARow) return `The last ${trouble} experiments failed.`;
    const budget = budgetNow(work);
    const decision = shouldStop({
      nodes: searchNodes(view, facts, []), standardError: noiseNow(view), patience, minimumNodes: leastExperiments,
      canAffordNode: budget.canAffordNode, highestReward: rewardReference(requirementOf(view).metric),
    });
    if (decision.stop) return decision.reason === "" ? budget.reason : decision.reason;
    await work.ledger.append({ type: "status-changed", status: "searching", phase: "Planning the next experiment." }, "relaxed");
    const nodeId = await proposeNode(work, facts, plannerBudget(budget));
    if (nodeId === null) return "Every change on the menu was tried.";
  }
}

function budgetNow(work: Work): BudgetPlan {
  const view = work.ledger.view();
  const experiments = view.nodes.filter((node) => node.kind !== "baseline" && node.finishedAt !== null && node.status !== "cancelled");
  return planBudget({
    totalMs: view.budget.totalMs, spentMs: work.ledger.spentMs(), reserveMs: reserveMs(view), firstNodeMs: 0,
    nodeCostsMs: experiments.map((node) => node.cost.totalSeconds * 1000),
    // A cancelled node is one the budget could not pay for: another will not fare better.
    nodesAllowed: view.nodes.some((node) => node.status === "cancelled") ? 0 : requirementOf(view).maxNodes - view.nodes.length,
  });
}

function plannerBudget(plan: BudgetPlan): PlannerContext["budget"] {
  return { remainingMs: plan.remainingMs, nodeMs: plan.nodeMs, nodesLeft: plan.nodesLeft };
}

/** Counted from where this process took over: who resumes a run has mended what stopped it. */
function failuresInARow(work: Work): number {
  const experiments = work.ledger.view().nodes.slice(work.nodesAtStart).filter((node) => node.kind !== "baseline");
  const failed = experiments.slice(experiments.findLastIndex((node) => node.status !== "failed") + 1);
  const machine = failed.slice(-mostMachineFailures).flatMap((node) => (node.failure?.class === "ENV" ? [node.failure] : []));
  const last = machine.at(-1);
  if (last !== undefined && machine.length === mostMachineFailures) {
    throw new FailureError({ ...last, message: `The machine failed ${mostMachineFailures} experiments in a row: ${last.message}`, hint: `${last.hint} Everything finished was kept; resume when it is mended.`.trim() });
  }
  return failed.length;
}
