import { FailureError, type Recipe, type TreeNode } from "../contract/index.js";
import { baselineRecipes, initialRecipe, type RecipeFacts } from "../tree/index.js";
import { durationText, paceOf, reserveMs } from "./budget.js";
import { noCost } from "./cost.js";
import { runExperiment } from "./experiment.js";
import { withRoomForPrompt } from "./facts.js";
import { noiseOf } from "./pairing.js";
import { recordedItems } from "./rungs.js";
import type { SearchFacts } from "./policy-state.js";
import { nextNodeId } from "./propose.js";
import { nodeOf, remainingMs, type Work } from "./work.js";

/**
 * The base model as it is, with worked examples and with the task in its system prompt: what anyone could have without
 * training. The best of them is the prompted base that every gain is counted from.
 */
export async function measureBaselines(work: Work, search: SearchFacts): Promise<void> {
  const { ledger } = work;
  if (ledger.view().noiseFloor !== null) return;
  for (const [index, baseline] of baselineRecipes(search.recipe).entries()) {
    if (index === 1) refuseTooSmallBudget(work);
    const known = ledger.view().nodes.findLast((node) => node.kind === "baseline" && node.plan.title === baseline.title);
    // Who resumes a run whose base model could not be measured has mended the reason, so that one is tried anew.
    const measured = known !== undefined && known.finishedAt !== null;
    if (measured && (index > 0 || known.failure === null)) continue;
    const nodeId = known === undefined || measured ? await createBaseline(work, baseline.title, baseline.recipe) : known.id;
    await runExperiment(work, nodeId, { facts: search, budget: { remainingMs: remainingMs(work), nodeMs: 0, nodesLeft: 0 } });
    const node = nodeOf(ledger.view(), nodeId);
    // Without the plain base model there is nothing to compare with; a longer prompt that fails only drops out.
    if (index === 0 && node.failure !== null) throw new FailureError(node.failure);
  }
  refuseTooSmallBudget(work);
  await fixNoiseFloor(work);
}

async function createBaseline(work: Work, title: string, recipe: Recipe): Promise<string> {
  const view = work.ledger.view();
  const nodeId = nextNodeId(view);
  await work.ledger.append({
    type: "node-created", nodeId, parent: view.nodes.find((node) => node.failure === null)?.id ?? null, kind: "baseline", axis: "baseline", decidedBy: "host", recipe, backtracked: false, agentCost: noCost, decision: null, answers: null,
    plan: { title, hypothesis: "What the model can do without training.", evidence: ["rule"], move: null, candidates: [], fallbackReason: null, numbers: {} },
  });
  return nodeId;
}

/** The spread of the prompted base's own score: a smaller difference between two nodes says nothing. */
async function fixNoiseFloor(work: Work): Promise<void> {
  const view = work.ledger.view();
  const base = view.baselineNodeId === null ? null : nodeOf(view, view.baselineNodeId);
  if (base?.score == null) throw new Error("The baselines were measured and none has a score.");
  const items = await recordedItems(work, base.id, "full");
  await work.ledger.append({ type: "noise-floor", standardError: noiseOf((items ?? []).map((item) => item.score), base.score) });
}

/** After the first real measurement it is known what the end of the run costs; a budget that cannot hold it is refused. */
function refuseTooSmallBudget(work: Work): void {
  const view = work.ledger.view();
  if (view.nodes.filter((node) => node.failure === null).length > 1) return;
  const items = view.requirement?.splitSizes["dev-search"] ?? 0;
  const itemMs = paceOf(view).itemMs ?? 0;
  // The other baselines, one training at least as long as an evaluation, its evaluation, and the end of the run.
  const neededMs = work.ledger.spentMs() + 5 * items * itemMs + reserveMs(view);
  if (neededMs <= view.budget.totalMs) return;
  throw new FailureError({
    class: "CONFIG", code: "budget.too_small",
    message: `The budget of ${durationText(view.budget.totalMs)} is too small: measuring the base model, one training and the final test need about ${durationText(neededMs)} here.`,
    hint: `Start again with a budget of at least ${durationText(neededMs * 1.5)}, or with smaller splits. The score of the base model was kept.`,
  });
}

/** The default recipe: the first trained node, from the prompt that served the base model best. */
export async function createDraft(work: Work, facts: RecipeFacts): Promise<string> {
  const view = work.ledger.view();
  const base = nodeOf(view, view.baselineNodeId ?? "");
  const recipe = withRoomForPrompt(draftRecipe(facts, base), facts);
  const nodeId = nextNodeId(view);
  const training = recipe.training;
  await work.ledger.append({
    type: "node-created", nodeId, parent: base.id, kind: "draft", axis: "optimization", decidedBy: "host", recipe, backtracked: false, agentCost: noCost, decision: null, answers: null,
    plan: {
      title: "Default QLoRA recipe", hypothesis: "Training on the examples with the published default numbers beats every prompt.", evidence: ["rule"], move: null, candidates: [], fallbackReason: null,
      numbers: training === null ? {} : Object.fromEntries((["learningRate", "rank", "epochs", "tokensPerStep"] as const).map((field) => [field, { value: training[field], by: "default" as const }])),
    },
  });
  return nodeId;
}

/**
 * Training teaches the task by itself, so the plain prompt is kept: shorter to train and to serve. The task goes into
 * the system prompt only where that alone already served best; worked examples never do, training replaces them.
 */
function draftRecipe(facts: RecipeFacts, base: TreeNode): Recipe {
  const initial = initialRecipe(facts);
  return base.recipe.prompt.system === null || base.recipe.prompt.fewShot > 0 ? initial : { ...initial, prompt: { ...initial.prompt, system: base.recipe.prompt.system } };
}
