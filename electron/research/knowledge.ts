import { ok, type Card, type Knowledge } from "../contract/index.js";
import type { CardShelf } from "./cards/card-shelf.js";
import { conditionsOf } from "./cards/conditions.js";
import { relevantCards } from "./cards/relevant-cards.js";
import { selectCards } from "./cards/select-cards.js";
import type { Library } from "./library/library.js";

export interface KnowledgeOptions {
  readonly shelf: CardShelf;
  /** The documents' cards; a library that cannot be read costs those, not the run. */
  readonly library: Pick<Library, "documentCards">;
}

/** The `Knowledge` port: what a run may know before it begins, and what it may leave behind. */
export function createKnowledge({ shelf, library }: KnowledgeOptions): Knowledge {
  return {
    async cardsFor(request, signal) {
      signal.throwIfAborted();
      const builtIn = await shelf.builtIn();
      if (!builtIn.ok) return builtIn;
      const more: Card[] = [];
      if (request.library) {
        for (const cards of [await shelf.insights(), await library.documentCards()]) if (cards.ok) more.push(...cards.value);
      }
      return ok(relevantCards([...builtIn.value, ...more], request));
    },
    runConditions: conditionsOf,
    select: (cards, situation, most) => selectCards(cards, situation, most),
    keep: (cards) => shelf.keep(cards),
  };
}
