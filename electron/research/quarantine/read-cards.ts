import type { Card } from "../../contract/index.js";
import { cardOfClaim, type DocumentFacts, type ReaderTag } from "./card-of-claim.js";
import { claimFieldNames, isPlausible, type Claim } from "./claim.js";
import type { Reading } from "./reading.js";

const mostCards = 24;
/** A document that names more values of one field reports a sweep, not a setting. */
const mostValues = 3;

export interface ReadCards {
  readonly cards: Card[];
  readonly warnings: string[];
}

/** Cards of a document by rules alone: sentences that name a known quantity and its number, turned into typed claims. */
export function readCardsByRules(reading: Reading, document: DocumentFacts): ReadCards {
  return { cards: cardsOfClaims(reading.claims, reading.aboutFineTuning, document, "rules-1"), warnings: warningsOf(reading.orders) };
}

export function warningsOf(orders: number): string[] {
  return orders === 0 ? [] : [`${orders} sentence${orders === 1 ? "" : "s"} that read${orders === 1 ? "s" : ""} like an instruction ${orders === 1 ? "was" : "were"} not used for cards.`];
}

/** The same number for the same field is one card with all its places. */
export function cardsOfClaims(claims: readonly Claim[], mayMatter: boolean, document: DocumentFacts, reader: ReaderTag): Card[] {
  return claimFieldNames.flatMap((field) => {
    // Checked once more on this side: the process the claims come from parses hostile files.
    const ofField = claims.filter((claim) => claim.field === field && isPlausible(field, claim.value));
    const values = [...new Set(ofField.map(({ value }) => value))];
    return values.slice(0, mostValues).flatMap((value) => {
      const same = ofField.filter((claim) => claim.value === value);
      // Praise or trouble says more than bare use; contradiction within one document leaves the use.
      const spoken = [...new Set(same.map(({ direction }) => direction).filter((direction) => direction !== "used"))];
      const first = same.find(({ direction }) => spoken.length !== 1 || direction === spoken[0]);
      if (first === undefined) return [];
      const direction = spoken.length === 1 ? first.direction : "used";
      return [cardOfClaim({ ...first, direction }, same.map(({ page }) => page), document, reader, mayMatter && values.length <= mostValues)];
    });
  }).slice(0, mostCards);
}
