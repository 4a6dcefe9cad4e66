import type { RunView, TreeNode } from "../../contract.js";
import type { IconName } from "../../ui/icon.js";
import { depthFirst, type TreeIndex } from "./tree-index.js";

/** What stands beside a node's title: what the user did to it, and how it differs in kind from an ordinary experiment. */
export interface NodeMark {
  readonly name: "pinned" | "pruned" | "below-pruned" | "user-made" | "prompt" | "continued" | "same-recipe";
  readonly icon: IconName;
  readonly label: string;
  readonly hint: string;
}

export interface MarkFacts {
  readonly pinned: ReadonlySet<string>;
  readonly pruned: ReadonlySet<string>;
  /** Under a pruned node: nothing grows there either. */
  readonly belowPruned: ReadonlySet<string>;
  /** The first node with the very same recipe, for those that come after it. */
  readonly sameRecipeAs: ReadonlyMap<string, string>;
}

export function markFacts(index: TreeIndex, steering: RunView["steering"]): MarkFacts {
  const pruned = new Set(steering.pruned);
  const belowPruned = new Set<string>();
  const first = new Map<string, string>();
  const sameRecipeAs = new Map<string, string>();
  for (const id of depthFirst(index)) {
    const parent = index.byId.get(id)?.parent ?? null;
    if (parent !== null && (pruned.has(parent) || belowPruned.has(parent))) belowPruned.add(id);
  }
  // In the order they were made, which is the order of the view.
  for (const [id, node] of index.byId) {
    const key = recipeKey(node.recipe);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, id);
    else sameRecipeAs.set(id, earlier);
  }
  return { pinned: new Set(steering.pinned), pruned, belowPruned, sameRecipeAs };
}

export function marksOf(node: TreeNode, facts: MarkFacts): readonly NodeMark[] {
  const marks: NodeMark[] = [];
  if (facts.pinned.has(node.id)) marks.push({ name: "pinned", icon: "pin", label: "Pinned by you", hint: "Pinned by you: the search grows from here before all others" });
  if (facts.pruned.has(node.id)) marks.push({ name: "pruned", icon: "scissors", label: "Pruned by you", hint: "Pruned by you: nothing grows from here or below it" });
  else if (facts.belowPruned.has(node.id)) marks.push({ name: "below-pruned", icon: "scissors", label: "Below a pruned experiment", hint: "You pruned an experiment above: nothing grows from here" });
  if (node.decidedBy === "user") marks.push({ name: "user-made", icon: "person", label: "Made by you", hint: "You asked for this experiment" });
  if (node.recipe.training === null && node.kind !== "baseline") marks.push({ name: "prompt", icon: "quote", label: "Prompt only", hint: "Nothing is trained here: only what the model is asked changes" });
  const source = node.recipe.training?.warmStartFrom ?? null;
  if (source !== null) marks.push({ name: "continued", icon: "continued", label: `Continues ${source}`, hint: `Training went on from the adapter of ${source}` });
  const same = facts.sameRecipeAs.get(node.id);
  if (same !== undefined) marks.push({ name: "same-recipe", icon: "equal", label: `Same recipe as ${same}`, hint: `Reached by another way: its recipe is the same as that of ${same}` });
  return marks;
}

/** Equal for equal recipes, whatever the order of their fields. */
function recipeKey(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
}
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
