import type { Card, MetricName, Skill } from "../../contract/index.js";
import { overlapOf, stemsOf } from "./words.js";

export interface TaskFacts { readonly goal: string; readonly metric: MetricName; readonly skill: Skill; readonly architecture: string }

const mostCards = 200;
/** What ships is checked; a library of a thousand papers must not push it out, nor a year of runs. */
const mostOf: Readonly<Record<Card["kind"], number>> = { "built-in": mostCards, insight: 60, document: 60 };
const confidenceWeight: Readonly<Record<Card["confidence"], number>> = { measured: 1, reported: 0.8, derived: 0.6, secondary: 0.5 };

/** Those that may matter for a task, the most telling first; a card with no word in common still may. */
export function relevantCards(cards: readonly Card[], task: TaskFacts): Card[] {
  const wanted = stemsOf(`${task.goal} ${task.skill} ${task.metric}`);
  const scored = cards.map((card) => ({ card, score: scoreOf(card, task, wanted) })).sort((first, second) => second.score - first.score || (first.card.id < second.card.id ? -1 : 1));
  const taken: Record<Card["kind"], number> = { "built-in": 0, insight: 0, document: 0 };
  return scored.filter(({ card }) => (taken[card.kind] += 1) <= mostOf[card.kind]).slice(0, mostCards).map(({ card }) => card);
}

function scoreOf(card: Card, task: TaskFacts, wanted: ReadonlySet<string>): number {
  let score = confidenceWeight[card.confidence] + overlapOf(wanted, stemsOf(textOf(card)));
  if (card.tags.includes(task.skill) || card.tags.includes(task.metric)) score += 1;
  if (card.effects.length > 0) score += 0.5;
  const { provenance } = card;
  // What this user's own runs taught on the same kind of model counts before what anybody wrote.
  if (provenance !== null) score += (provenance.architecture === task.architecture ? 1 : 0) + (provenance.metric === task.metric ? 0.5 : 0);
  return score;
}

export const textOf = (card: Card): string => `${card.title} ${card.claim} ${card.scope} ${card.tags.join(" ")}`;
