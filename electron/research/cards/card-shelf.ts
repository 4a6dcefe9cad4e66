import path from "node:path";
import { ok, type Card, type Result } from "../../contract/index.js";
import { createInsights } from "./insights.js";
import { loadBuiltInCards } from "./load-cards.js";

/** The cards that are not a document's: those that ship with the app, and what earlier runs taught. */
export interface CardShelf {
  builtIn(): Promise<Result<readonly Card[]>>;
  insights(): Promise<Result<readonly Card[]>>;
  /** Durable before it settles. */
  keep(cards: readonly Card[]): Promise<Result<void>>;
}

export function createCardShelf(options: { readonly home: string; readonly cardsDirectory: string }): CardShelf {
  const insights = createInsights(path.join(options.home, "library", "insights.jsonl"));
  let loaded: Promise<Result<readonly Card[]>> | null = null;
  return {
    async builtIn() {
      const cards = await (loaded ??= loadBuiltInCards(options.cardsDirectory));
      // A failure may be the disk's of the moment.
      if (!cards.ok) loaded = null;
      return cards;
    },
    async insights() {
      const read = await insights.read();
      return read.ok ? ok(read.value.cards) : read;
    },
    keep: (cards) => insights.append(cards),
  };
}
