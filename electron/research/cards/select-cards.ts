import { moves, type Card, type CardCondition, type CardEffect, type MoveId } from "../../contract/index.js";
import { textOf } from "./relevant-cards.js";
import { overlapOf, stemsOf } from "./words.js";

export interface Situation {
  readonly goal: string;
  readonly conditions: readonly CardCondition[];
  /** Moves that can be chosen now. */
  readonly menu: readonly string[];
  readonly axisCounts: Readonly<Record<string, number>>;
}

/** A second card on the same field or axis is worth this share of what it would be worth alone. */
const repeatShare = 0.35;
const confidenceWeight: Readonly<Record<Card["confidence"], number>> = { measured: 1, reported: 0.85, derived: 0.65, secondary: 0.55 };
/** A user's own runs speak of his data; a document's cards are one number out of its context. */
const kindWeight: Readonly<Record<Card["kind"], number>> = { insight: 1.15, "built-in": 1, document: 0.7 };

/**
 * The few cards a planner is shown: greedily by worth, each topic (a number, an axis) discounted by how often it is there
 * already. Pure; ties go by id, so the order of `cards` does not matter.
 */
export function selectCards(cards: readonly Card[], situation: Situation, most: number): Card[] {
  const goal = stemsOf(situation.goal);
  const waiting = cards.map((card) => ({ card, worth: worthOf(card, situation, goal), topics: topicsOf(card, situation) })).filter(({ worth }) => worth > 0).sort((first, second) => (first.card.id < second.card.id ? -1 : 1));
  const seen = new Map<string, number>();
  const chosen: Card[] = [];
  while (chosen.length < most && waiting.length > 0) {
    let best = 0;
    let bestWorth = -1;
    for (const [index, { worth, topics }] of waiting.entries()) {
      const repeats = Math.max(0, ...topics.map((topic) => seen.get(topic) ?? 0));
      const now = worth * repeatShare ** repeats;
      if (now > bestWorth) { best = index; bestWorth = now; }
    }
    const [taken] = waiting.splice(best, 1);
    if (taken === undefined) break;
    chosen.push(taken.card);
    for (const topic of taken.topics) seen.set(topic, (seen.get(topic) ?? 0) + 1);
  }
  return chosen;
}

function worthOf(card: Card, situation: Situation, goal: ReadonlySet<string>): number {
  const words = overlapOf(goal, stemsOf(textOf(card)));
  const telling = card.effects.filter((effect) => applies(effect, situation));
  // Made for a situation that is not this one, or for moves that cannot be made: at most its words speak for it.
  if (card.effects.length > 0 && telling.length === 0) return 0.1 * words * confidenceWeight[card.confidence];
  const strongest = Math.max(0, ...telling.map((effect) => strengthOf(effect, situation)));
  return (0.4 + strongest + words) * confidenceWeight[card.confidence] * kindWeight[card.kind];
}

function applies(effect: CardEffect, situation: Situation): boolean {
  if (effect.when !== "always" && !situation.conditions.includes(effect.when)) return false;
  return movesOf(effect).some((move) => situation.menu.includes(move));
}

function strengthOf(effect: CardEffect, situation: Situation): number {
  // What holds just here says more than what holds everywhere.
  const specific = effect.when === "always" ? 0 : 0.6;
  const tries = Math.min(...movesOf(effect).filter((move) => situation.menu.includes(move)).map((move) => situation.axisCounts[moves[move].axis] ?? 0));
  const untried = 0.4 / (1 + tries);
  const sure = effect.kind === "number" ? 0.5 * (1 - effect.spread) : Math.min(0.8, Math.abs(effect.gain) / effect.spread / 2);
  return specific + untried + sure;
}

function movesOf(effect: CardEffect): readonly MoveId[] {
  if (effect.kind === "move") return [effect.move];
  return (Object.keys(moves) as MoveId[]).filter((move) => (moves[move].numbers as readonly string[]).includes(effect.field));
}

/** What a card is about: its numbers and the axes of its moves; one without effects, its tags. */
function topicsOf(card: Card, situation: Situation): string[] {
  const telling = card.effects.filter((effect) => applies(effect, situation));
  const about = telling.length > 0 ? telling : card.effects;
  if (about.length === 0) return card.tags.slice(0, 2).map((tag) => `tag ${tag}`);
  return [...new Set(about.map((effect) => (effect.kind === "number" ? `number ${effect.field}` : `axis ${moves[effect.move].axis}`)))];
}
