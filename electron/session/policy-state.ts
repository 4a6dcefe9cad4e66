import { numericFields, type Card, type CardCondition, type NumericField, type PlannerContext, type RunView, type TreeNode } from "../contract/index.js";
import { rewardReference, type PolicyNode, type PolicyState, type Prior, type RecipeFacts } from "../tree/index.js";
import { cardsOf, priorsOf } from "./knowledge.js";
import { noiseNow } from "./pairing.js";
import { requirementOf, type Work } from "./work.js";

/** What stays the same over a whole search. */
export interface SearchFacts {
  readonly recipe: RecipeFacts;
  /** What holds of the run as a whole; cards are limited to it. */
  readonly conditions: readonly CardCondition[];
}

/** What a decision on one node may look at besides the journal. */
export interface Exploration {
  readonly facts: SearchFacts;
  readonly budget: PlannerContext["budget"];
}

/** The policy's state now. */
export function stateOf(work: Work, { facts, budget }: Exploration): PolicyState {
  return policyState(work.ledger.view(), facts.recipe, { cards: cardsOf(work), conditions: facts.conditions }, budget);
}

/** A 95 % interval reaches 1.96 standard errors to each side. */
const standardErrorOf = ({ ci }: { readonly ci: readonly [number, number] }): number => (ci[1] - ci[0]) / (2 * 1.96);

/** The run as the search policy sees it: numbers of dev-search, recipes, costs, what the user did. A fold over the journal, so a resumed run decides as it would have. */
export function policyState(view: RunView, facts: RecipeFacts, knowledge: { readonly cards: readonly Card[]; readonly conditions: readonly CardCondition[] }, budget: PlannerContext["budget"]): PolicyState {
  return {
    nodes: view.nodes.map((node) => policyNode(view, node)),
    facts: { ...facts, bestPrompt: bestPromptOf(view) },
    priors: priorsFor(priorsOf(knowledge.cards, knowledge.conditions), facts.defaults),
    baselineScore: view.nodes.find((node) => node.id === view.baselineNodeId)?.score?.score ?? 0,
    reference: rewardReference(requirementOf(view).metric),
    noise: noiseNow(view),
    budget,
  };
}

/** How sure a task is of a number it sets itself: one standard deviation as a share of the field's range. */
const taskSpread = 0.12;

/** A number the task sets itself is the user's knowledge of this very model; what cards say of other models gives way to it. */
export function priorsFor(cards: readonly Prior[], defaults: RecipeFacts["defaults"]): Prior[] {
  const own = (Object.keys(numericFields) as NumericField[]).flatMap((field): Prior[] => {
    const centre = defaults[field as keyof RecipeFacts["defaults"]];
    return centre === undefined ? [] : [{ cardId: "task", weight: 1, effect: { kind: "number", field, when: "always", centre, spread: taskSpread } }];
  });
  const said = new Set(own.map(({ effect }) => (effect.kind === "number" ? effect.field : "")));
  return [...own, ...cards.filter(({ effect }) => effect.kind !== "number" || !said.has(effect.field))];
}

export function policyNode(view: RunView, node: TreeNode): PolicyNode {
  const settled = node.status === "done";
  const score = settled ? node.score : null;
  return {
    id: node.id, parent: node.parent, kind: node.kind, axis: node.axis, status: node.status, verdict: node.verdict,
    reward: score?.score ?? null, standardError: score === null ? null : standardErrorOf(score),
    pilot: node.pilot === null ? null : { score: node.pilot.score, standardError: standardErrorOf(node.pilot) },
    // Nothing grows from a baseline that lost; the policy works out the others' menus itself.
    openMoves: node.kind === "baseline" && node.id !== view.baselineNodeId ? 0 : 1,
    move: node.plan.move, recipe: node.recipe, costMs: node.cost.totalSeconds * 1000, failure: node.failure?.class ?? null,
    hasAdapter: node.adapterPath !== null, spectra: node.spectra, conditions: node.conditions,
    overridden: node.decision?.overridden ?? Object.values(node.plan.numbers).some((number) => number.by === "language-model"),
    pinned: view.steering.pinned.includes(node.id), cutOff: view.steering.pruned.includes(node.id),
  };
}

/** The prompt of the best untrained node; null while that is the plain one. */
function bestPromptOf(view: RunView): RecipeFacts["bestPrompt"] {
  const prompt = view.nodes.find((node) => node.id === view.baselineNodeId)?.recipe.prompt;
  return prompt === undefined || (prompt.system === null && prompt.fewShot === 0) ? null : prompt;
}
