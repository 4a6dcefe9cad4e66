import type { NumericField, Plan, RecipeChange } from "../contract/index.js";
import { numericFields } from "../contract/index.js";
import { noCost } from "./cost.js";
import { nextNodeId } from "./propose.js";
import { axisOfChange, changedRecipe } from "./steering.js";
import { nodeOf, type Work } from "./work.js";

/** Makes the node of the oldest branch the user asked for; null when none waits. A branch that no longer makes sense is said and dropped. */
export async function createBranch(work: Work): Promise<string | null> {
  const view = work.ledger.view();
  const branch = view.steering.branches[0];
  if (branch === undefined) return null;
  const parent = nodeOf(view, branch.nodeId);
  const recipe = changedRecipe(parent.recipe, branch.change);
  // It was checked when it was asked for, and recipes of finished nodes do not change.
  if (!recipe.ok) throw new Error(`The branch ${branch.id} passed its check and cannot be made: ${recipe.error.message}`);
  const nodeId = nextNodeId(view);
  await work.ledger.append({
    type: "node-created", nodeId, parent: parent.id, kind: parent.recipe.training === null ? "draft" : "improve", axis: axisOfChange(branch.change), decidedBy: "user",
    recipe: recipe.value, backtracked: false, agentCost: noCost, decision: null, answers: branch.id,
    plan: {
      title: titleOf(branch.change), hypothesis: `The user expects ${parent.id} with this one change to be worth a node.`, evidence: [parent.id], move: null, candidates: [], fallbackReason: null, numbers: numbersOf(branch.change),
    },
  });
  return nodeId;
}

function titleOf({ field, value }: RecipeChange): string {
  const shown = value === null ? "none" : typeof value === "number" ? String(Number(value.toPrecision(3))) : value.slice(0, 60);
  return `The user's branch: ${field} ${shown}`;
}

function numbersOf(change: RecipeChange): Plan["numbers"] {
  return change.field in numericFields && typeof change.value === "number" ? { [change.field as NumericField]: { value: change.value, by: "user" } } : {};
}
