import { moveIds, moves, type Card, type CardCondition, type CardEffect, type CardSummary, type ModelFacts, type MoveId, type RunView, type TreeNode } from "../contract/index.js";
import type { Prior } from "../tree/index.js";
import { requirementOf, type Work } from "./work.js";

/** How far an effect is believed, by what stands behind its card. Insights come from this user's own measurements. */
const trust: Readonly<Record<Card["confidence"], number>> = { measured: 1, reported: 0.7, derived: 0.5, secondary: 0.4 };
const mostCards = 6;
/** What holds of one node; everything else holds of a run or does not. */
const nodeConditions: ReadonlySet<CardCondition> = new Set(["overfitting", "underfitting", "unstable", "loss-falling", "loss-flat"]);

/** Fixes, once, the cards this run decides by. A library that cannot be read costs the cards, not the run. */
export async function fixKnowledge(work: Work): Promise<void> {
  const { ledger, deps } = work;
  if (deps.journal.records().some(({ event }) => event.type === "knowledge-fixed")) return;
  const requirement = requirementOf(ledger.view());
  const found = await deps.knowledge.cardsFor({
    goal: requirement.goal, metric: requirement.metric, skill: requirement.skill, architecture: requirement.architecture, library: requirement.useLibrary,
  }, work.signal);
  if (!found.ok && (work.signal.aborted || found.error.class === "CANCELLED")) return;
  if (!found.ok) await ledger.append({ type: "warning", message: `The knowledge cards could not be read, so this run plans without them: ${found.error.message}` });
  await ledger.append({ type: "knowledge-fixed", cards: found.ok ? [...found.value] : [] });
}

export function cardsOf(work: Work): readonly Card[] {
  const record = work.deps.journal.records().find(({ event }) => event.type === "knowledge-fixed");
  return record?.event.type === "knowledge-fixed" ? record.event.cards : [];
}

/** Conditions of the run as a whole: the same after every resume. */
export function runConditions(work: Work, model: Pick<ModelFacts, "parameters">): readonly CardCondition[] {
  const view = work.ledger.view();
  const requirement = requirementOf(view);
  return work.deps.knowledge.runConditions({
    trainRows: requirement.splitSizes.train ?? 0, parameters: model.parameters, conflicts: view.importReport?.conflicts ?? 0, duplicates: view.importReport?.duplicates ?? 0,
    answersAreJson: view.importReport?.answersAreJson ?? false, metric: requirement.metric, longestTokens: requirement.maxSequenceTokens,
    budgetMs: view.budget.totalMs, modelBytesPerWeight: requirement.modelBytesPerWeight,
  });
}

/**
 * The cards' effects as soft priors: those whose condition holds for the run, or can hold for a node. Two cards of one
 * source that say the same kind of thing are one piece of evidence, so only the first of them counts.
 */
export function priorsOf(cards: readonly Card[], conditions: readonly CardCondition[]): Prior[] {
  const holds = new Set<CardCondition>([...conditions, "always"]);
  const heard = new Set<string>();
  return cards.flatMap((card) => card.effects.flatMap((effect): Prior[] => {
    if (!holds.has(effect.when) && !nodeConditions.has(effect.when)) return [];
    const said = `${card.sources[0]?.reference ?? card.id} ${effect.kind === "number" ? effect.field : effect.move} ${effect.when}`;
    if (heard.has(said)) return [];
    heard.add(said);
    // Who contradicts a claim takes half of its weight.
    return [{ cardId: card.id, effect, weight: trust[card.confidence] * (card.disagreements.length > 0 ? 0.5 : 1) }];
  }));
}

/** The few cards a planner is shown at this node. */
export function cardsShown(work: Work, view: RunView, parent: TreeNode, menu: readonly string[], conditions: readonly CardCondition[], axisCounts: Readonly<Record<string, number>>): CardSummary[] {
  const chosen = work.deps.knowledge.select(cardsOf(work), { goal: requirementOf(view).goal, conditions: [...conditions, ...parent.conditions], menu, axisCounts }, mostCards);
  return chosen.slice(0, mostCards).map((card) => ({
    id: card.id, kind: card.kind, claim: card.claim, scope: card.scope, confidence: card.confidence,
    about: card.effects.flatMap(movesOf),
    disagreement: card.disagreements.map((other) => `${other.source}: ${other.claim}`).join(" ").slice(0, 300),
  }));
}

/** Which moves an effect speaks of: its own, or all that set its number. */
function movesOf(effect: CardEffect): { move: MoveId; helps: boolean }[] {
  if (effect.kind === "move") return [{ move: effect.move, helps: effect.gain >= 0 }];
  return moveIds.filter((move) => (moves[move].numbers as readonly string[]).includes(effect.field)).map((move) => ({ move, helps: true }));
}

/** Where the user asked for it, what the run taught becomes cards for later runs. A failure costs the cards only. */
export async function keepInsights(work: Work): Promise<void> {
  const { ledger, deps } = work;
  const view = ledger.view();
  if (!requirementOf(view).keepInsights || deps.journal.records().some(({ event }) => event.type === "insights-kept")) return;
  const cards = deps.insightCards(view, deps.clock.date());
  const kept = await deps.knowledge.keep(cards);
  if (kept.ok) await ledger.append({ type: "insights-kept", cardIds: cards.map((card) => card.id) });
  else await ledger.append({ type: "warning", message: `What this run taught could not be kept for later runs: ${kept.error.message}` });
}
