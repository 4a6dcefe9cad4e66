import { fail, moves, numericFields, ok, recipeSchema, type Axis, type JournalRecord, type NumericField, type Recipe, type RecipeChange, type Result, type RunView, type SteeringAction } from "../contract/index.js";
import { recipeKey } from "../tree/index.js";

type Steering = RunView["steering"];

const mostHints = 20;
const mostBranches = 20;

/** May the user do this now? The sentence of a refusal says what stands in the way. Nothing is changed here. */
export function checkSteering(view: RunView, action: SteeringAction, searchEnded: boolean): Result<void> {
  if (searchEnded || view.status === "done" || view.status === "failed") {
    return fail("CONFIG", "steer.search_ended", "The search of this run has ended, so there is nothing left to steer.", "Start a new run to explore further.");
  }
  switch (action.kind) {
    case "pin":
      return nodeThat(view, action.nodeId, (node) => (node.status !== "done" ? `${node.id} has no score to grow from.` : view.steering.pruned.includes(node.id) ? `${node.id} is pruned; restore it first.` : null));
    case "unpin":
      return view.steering.pinned.includes(action.nodeId) ? ok(undefined) : fail("CONFIG", "steer.not_pinned", `${shown(action.nodeId)} is not pinned.`);
    case "prune":
      return nodeThat(view, action.nodeId, (node) => (node.kind === "baseline" ? "The base model's own measurements are what every gain is counted from; they cannot be pruned." : view.steering.pruned.includes(node.id) ? `${node.id} is pruned already.` : null));
    case "restore":
      return view.steering.pruned.includes(action.nodeId) ? ok(undefined) : fail("CONFIG", "steer.not_pruned", `${shown(action.nodeId)} is not pruned.`);
    case "branch":
      return checkBranch(view, action.nodeId, action.change);
    case "hint":
      return view.steering.hints.length < mostHints ? ok(undefined) : fail("CONFIG", "steer.too_many_hints", `There are ${mostHints} hints already.`, "Remove one first.");
    case "remove-hint":
      return view.steering.hints.some((hint) => hint.id === action.hintId) ? ok(undefined) : fail("CONFIG", "steer.no_hint", `There is no hint ${shown(action.hintId)}.`);
    case "budget":
      return ok(undefined);
  }
}

/** What the user did so far, with one more action. */
export function foldSteering(steering: Steering, id: string, action: SteeringAction): Steering {
  switch (action.kind) {
    case "pin":
      return { ...steering, pinned: [...steering.pinned.filter((node) => node !== action.nodeId), action.nodeId] };
    case "unpin":
      return { ...steering, pinned: steering.pinned.filter((node) => node !== action.nodeId) };
    case "prune":
      return { ...steering, pinned: steering.pinned.filter((node) => node !== action.nodeId), pruned: [...steering.pruned, action.nodeId] };
    case "restore":
      return { ...steering, pruned: steering.pruned.filter((node) => node !== action.nodeId) };
    case "branch":
      return { ...steering, branches: [...steering.branches, { id, nodeId: action.nodeId, change: action.change }] };
    case "hint":
      return { ...steering, hints: [...steering.hints, { id, text: action.text }] };
    case "remove-hint":
      return { ...steering, hints: steering.hints.filter((hint) => hint.id !== action.hintId) };
    case "budget":
      return steering;
  }
}

/** The next action's id: unique in the run, and the same whoever writes it. */
export function nextSteeringId(records: readonly JournalRecord[]): string {
  return `s${records.filter(({ event }) => event.type === "steered").length + 1}`;
}

/** A node's recipe with one changed field; CONFIG where that field means nothing there or the value is out of bounds. */
export function changedRecipe(recipe: Recipe, change: RecipeChange): Result<Recipe> {
  if (change.field === "fewShot") return checked({ ...recipe, prompt: { ...recipe.prompt, fewShot: change.value } });
  if (change.field === "system") return checked({ ...recipe, prompt: { ...recipe.prompt, system: change.value } });
  const { training } = recipe;
  if (training === null) return fail("CONFIG", "steer.untrained", "This node is not trained, so it has no training to change.", "Branch from a trained node, or change its prompt.");
  if (change.field === "targets" || change.field === "schedule") {
    const warm = change.field === "targets" ? { warmStartFrom: null, ranks: {} } : {};
    return checked({ ...recipe, training: { ...training, ...warm, [change.field]: change.value } });
  }
  const { minimum, maximum, integer } = numericFields[change.field];
  if (change.value < minimum || change.value > maximum) return fail("CONFIG", "steer.out_of_bounds", `${change.field} must lie between ${minimum} and ${maximum}.`);
  const value = integer ? Math.round(change.value) : change.value;
  // alpha / rank is the adapter's scale and stays; another rank is another shape, which cannot continue the parent's adapter.
  const shape = change.field === "rank" ? { alpha: Math.min(1024, Math.max(1, (training.alpha / training.rank) * value)), ranks: {}, warmStartFrom: null } : {};
  return checked({ ...recipe, training: { ...training, ...shape, [change.field]: value } });
}

const axisOfNumber: Readonly<Record<NumericField, Axis>> = {
  learningRate: moves["learning-rate"].axis, tokensPerStep: moves["batch-size"].axis, rank: moves.rank.axis, epochs: moves["train-longer"].axis, dropout: moves.dropout.axis, weightDecay: moves["weight-decay"].axis,
};

export function axisOfChange(change: RecipeChange): Axis {
  switch (change.field) {
    case "fewShot":
    case "system":
      return "prompt";
    case "targets":
      return "capacity";
    case "schedule":
      return "optimization";
    default:
      return axisOfNumber[change.field];
  }
}

function checkBranch(view: RunView, nodeId: string, change: RecipeChange): Result<void> {
  const node = view.nodes.find((other) => other.id === nodeId);
  if (node === undefined) return fail("CONFIG", "steer.no_node", `There is no node ${shown(nodeId)} in this run.`);
  if (node.finishedAt === null) return fail("CONFIG", "steer.unfinished", `${node.id} is not finished yet.`, "Wait for its score, then branch from it.");
  if (view.steering.branches.length >= mostBranches) return fail("CONFIG", "steer.too_many_branches", `${mostBranches} branches wait to be run already.`);
  const recipe = changedRecipe(node.recipe, change);
  if (!recipe.ok) return recipe;
  const key = recipeKey(recipe.value);
  const same = view.nodes.find((other) => recipeKey(other.recipe) === key);
  if (same !== undefined) return fail("CONFIG", "steer.tried", `${same.id} has this very recipe already.`, "Choose another value.");
  const waiting = view.steering.branches.some((branch) => branch.nodeId === nodeId && JSON.stringify(branch.change) === JSON.stringify(change));
  return waiting ? fail("CONFIG", "steer.waiting", "This branch waits to be run already.") : ok(undefined);
}

function checked(recipe: Recipe): Result<Recipe> {
  const parsed = recipeSchema.safeParse(recipe);
  return parsed.success ? ok(parsed.data) : fail("CONFIG", "steer.out_of_bounds", `This value is out of bounds: ${parsed.error.issues[0]?.message ?? "unknown problem"}.`);
}

function nodeThat(view: RunView, nodeId: string, problem: (node: RunView["nodes"][number]) => string | null): Result<void> {
  const node = view.nodes.find((other) => other.id === nodeId);
  if (node === undefined) return fail("CONFIG", "steer.no_node", `There is no node ${shown(nodeId)} in this run.`);
  const message = problem(node);
  return message === null ? ok(undefined) : fail("CONFIG", "steer.refused", message);
}

const shown = (text: string): string => text.slice(0, 40);
