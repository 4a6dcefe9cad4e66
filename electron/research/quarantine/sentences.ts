import type { DocumentPage } from "../readers/extracted-document.js";
import { readsLikeAnOrder } from "./orders.js";

export interface Sentence {
  readonly text: string;
  readonly page: number;
}

const mostCharacters = 600;

/** A document's sentences in order; a paragraph's end is a sentence's end. */
function sentencesOf(page: DocumentPage): (Sentence & { readonly paragraphEnds: boolean })[] {
  return page.text.split(/\n\s*\n/u).flatMap((paragraph) => {
    const pieces = paragraph.replace(/\s+/gu, " ").trim().split(/(?<=[.!?;])\s+(?=["'([]?[\p{Lu}\p{N}])/u).flatMap((piece) => (piece.length <= mostCharacters ? [piece] : piece.match(new RegExp(`[^]{1,${mostCharacters}}`, "gu")) ?? []));
    return pieces.filter((text) => text !== "").map((text, index) => ({ text, page: page.number, paragraphEnds: index === pieces.length - 1 }));
  });
}

/**
 * The sentences that may be claims. Left out: those that read like orders, what follows one in its paragraph, and both
 * halves of one that runs over a page's end.
 */
export function reportingSentences(pages: readonly DocumentPage[]): { sentences: Sentence[]; orders: number } {
  const all = pages.flatMap(sentencesOf);
  const out = new Set<number>();
  let orders = 0;
  for (const [index, sentence] of all.entries()) {
    const next = all[index + 1];
    const runsOn = next !== undefined && next.page !== sentence.page && !/[.!?]["')\]]?$/u.test(sentence.text);
    const joined = runsOn ? `${sentence.text} ${next.text}` : sentence.text;
    if (!readsLikeAnOrder(sentence.text) && !(runsOn && readsLikeAnOrder(joined))) continue;
    orders += 1;
    out.add(index);
    if (runsOn || (next?.page === sentence.page && !sentence.paragraphEnds)) out.add(index + 1);
  }
  return { sentences: all.filter((_sentence, index) => !out.has(index)).map(({ text, page }) => ({ text, page })), orders };
}
