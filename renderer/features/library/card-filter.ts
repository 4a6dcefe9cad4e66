import { cardConfidences, cardKinds, type Card } from "../../contract.js";

/** "" is any. */
export interface CardFilter {
  readonly text: string;
  readonly kind: Card["kind"] | "";
  readonly confidence: Card["confidence"] | "";
  readonly tag: string;
}
export const anyCard: CardFilter = { text: "", kind: "", confidence: "", tag: "" };
export const isAnyCard = (filter: CardFilter): boolean => Object.values(filter).every((part: string) => part.trim() === "");

/** Every word has to stand somewhere on the card: in its title, claim, scope, tags or sources. */
export function filterCards(cards: readonly Card[], filter: CardFilter): readonly Card[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return cards.filter((card) => {
    if (filter.kind !== "" && card.kind !== filter.kind) return false;
    if (filter.confidence !== "" && card.confidence !== filter.confidence) return false;
    if (filter.tag !== "" && !card.tags.includes(filter.tag)) return false;
    const text = [card.id, card.title, card.claim, card.scope, ...card.tags, ...card.sources.map((source) => `${source.title} ${source.reference}`)].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface CardChoices {
  readonly kinds: readonly Card["kind"][];
  readonly confidences: readonly Card["confidence"][];
  readonly tags: readonly { readonly tag: string; readonly count: number }[];
}

/** Only what some card has can be chosen; tags with the most cards come first. */
export function cardChoices(cards: readonly Card[]): CardChoices {
  const counts = new Map<string, number>();
  for (const card of cards) for (const tag of card.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return {
    kinds: cardKinds.filter((kind) => cards.some((card) => card.kind === kind)),
    confidences: cardConfidences.filter((confidence) => cards.some((card) => card.confidence === confidence)),
    tags: [...counts].map(([tag, count]) => ({ tag, count })).sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag)),
  };
}
