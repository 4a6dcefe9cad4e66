import { FailureError, type PlannerContext } from "../contract/index.js";
import { planBudget, shouldStop, type BudgetPlan } from "../tree/index.js";
import { createDraft } from "./baselines.js";
import { createBranch } from "./branch.js";
import { reserveMs } from "./budget.js";
import { cancelNode } from "./conclude.js";
import { runExperiment } from "./experiment.js";
import { stateOf, type Exploration, type SearchFacts } from "./policy-state.js";
import { proposeNode } from "./propose.js";
import { requirementOf, stopIfAsked, type Work } from "./work.js";

/** Experiments that run in any case while the budget lasts, and how many in a row may bring nothing before prospects count. */
const leastExperiments = 8;
const patience = 16;
/** The machine failing so often in a row is no accident of one recipe. */
const mostMachineFailures = 2;
const mostFailuresInARow = 6;

/** Explores until the budget, the moves or the gains run out. Gives the sentence that says why it ended. */
export async function search(work: Work, facts: SearchFacts): Promise<string> {
  for (;;) {
    stopIfAsked(work);
    const view = work.ledger.view();
    const open = view.nodes.find((node) => node.finishedAt === null);
    if (open !== undefined) {
      await work.ledger.append({ type: "status-changed", status: "searching", phase: `Running ${open.id}: ${open.plan.title}.` }, "relaxed");
      await runUnlessCut(work, open.id, { facts, budget: plannerBudget(budgetNow(work)) });
      continue;
    }
    // Where only a prompt may be delivered, nothing is trained.
    if (requirementOf(view).constraints.deliver !== "prompt" && !view.nodes.some((node) => node.kind !== "baseline")) {
      await createDraft(work, facts.recipe);
      continue;
    }
    if ((await createBranch(work)) !== null) continue;
    const trouble = failuresInARow(work);
    if (trouble >= mostFailuresInARow) return `The last ${trouble} experiments failed.`;
    const budget = budgetNow(work);
    if (!budget.canAffordNode) return budget.reason;
    const decision = shouldStop(stateOf(work, { facts, budget: plannerBudget(budget) }), { target: requirementOf(view).target, minimumNodes: leastExperiments, patience });
    if (decision.stop) return decision.reason;
    await work.ledger.append({ type: "status-changed", status: "searching", phase: "Planning the next experiment." }, "relaxed");
    const nodeId = await proposeNode(work, facts, plannerBudget(budget));
    if (nodeId === null) return "Every change on the menu was tried.";
  }
}

/** Runs a node; the user may cut it off meanwhile, which ends it alone and not the run. */
async function runUnlessCut(work: Work, nodeId: string, exploration: Exploration): Promise<void> {
  const isCut = (): boolean => work.ledger.view().steering.pruned.includes(nodeId);
  if (isCut()) return cancelNode(work, nodeId);
  const abort = new AbortController();
  work.running.current = { nodeId, abort };
  try {
    await runExperiment({ ...work, signal: AbortSignal.any([work.signal, abort.signal]) }, nodeId, exploration);
  } catch (error) {
    if (!(error instanceof FailureError) || work.signal.aborted || !abort.signal.aborted) throw error;
    await cancelNode(work, nodeId);
  } finally {
    work.running.current = null;
  }
}

function budgetNow(work: Work): BudgetPlan {
  const view = work.ledger.view();
  const experiments = view.nodes.filter((node) => node.kind !== "baseline" && node.finishedAt !== null && node.status !== "cancelled");
  return planBudget({
    totalMs: view.budget.totalMs, spentMs: work.ledger.spentMs(), reserveMs: reserveMs(view), firstNodeMs: 0,
    nodeCostsMs: experiments.map((node) => node.cost.totalSeconds * 1000),
    // A node cancelled with a failure is one the budget could not pay for: another will not fare better.
    nodesAllowed: view.nodes.some((node) => node.status === "cancelled" && node.failure !== null) ? 0 : requirementOf(view).maxNodes - view.nodes.length,
  });
}

function plannerBudget(plan: BudgetPlan): PlannerContext["budget"] {
  return { remainingMs: plan.remainingMs, nodeMs: plan.nodeMs, nodesLeft: plan.nodesLeft };
}

/** Of trainings, counted from where this process took over: who resumes a run has mended what stopped it. A prompt that works says nothing of the trainer. */
function failuresInARow(work: Work): number {
  const experiments = work.ledger.view().nodes.slice(work.nodesAtStart).filter((node) => node.kind !== "baseline" && node.recipe.training !== null);
  const failed = experiments.slice(experiments.findLastIndex((node) => node.status !== "failed") + 1);
  const machine = failed.slice(-mostMachineFailures).flatMap((node) => (node.failure?.class === "ENV" ? [node.failure] : []));
  const last = machine.at(-1);
  if (last !== undefined && machine.length === mostMachineFailures) {
    throw new FailureError({ ...last, message: `The machine failed ${mostMachineFailures} experiments in a row: ${last.message}`, hint: `${last.hint} Everything finished was kept; resume when it is mended.`.trim() });
  }
  return failed.length;
}
