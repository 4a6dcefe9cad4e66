import { z } from "zod";
import { cardConditions } from "../../contract/index.js";
import type { DocumentPage } from "../readers/extracted-document.js";
import { claimDirections, claimFieldNames, isPlausible, type ClaimField } from "./claim.js";
import { claimsIn, isNamed } from "./find-claims.js";
import { numbersIn } from "./numbers.js";
import { reportingSentences, type Sentence } from "./sentences.js";

const fieldSchema = z.enum(claimFieldNames as [ClaimField, ...ClaimField[]]);

/**
 * What the reader's process finds in a document besides its text. It is made there, because looking for claims in a
 * stranger's text is work that a stranger can make long.
 */
export const readingSchema = z.object({
  claims: z.array(z.object({ field: fieldSchema, direction: z.enum(claimDirections), value: z.number(), when: z.enum(cardConditions), page: z.number().int().positive() })),
  /** Sentences that read like orders: left out of claims and passages. */
  orders: z.number().int().nonnegative(),
  /** What a language model may be shown: passages that name a quantity and hold a number. */
  passages: z.array(z.object({ page: z.number().int().positive(), text: z.string(), numbers: z.array(z.number()).min(1), fields: z.array(fieldSchema).min(1) })),
  /** Passages beyond those. */
  passagesLeftOut: z.number().int().nonnegative(),
  /** Does it speak of adapters or fine-tuning at all? Numbers of other documents are no prior for them. */
  aboutFineTuning: z.boolean(),
});
export type Reading = z.infer<typeof readingSchema>;
export type Passage = Reading["passages"][number];

const mostClaims = 2000;
const passageCharacters = 1800;
const mostPassages = 24;
const mostNumbers = 24;
const fineTuning = /\blora\b|\bqlora\b|\bdora\b|\badapters?\b|\blow[- ]rank\b|fine-?\s?tun|\bsft\b|instruction[- ]tun/iu;

export function readPages(pages: readonly DocumentPage[]): Reading {
  const { sentences, orders } = reportingSentences(pages);
  const passages = passagesOf(sentences);
  return {
    claims: sentences.flatMap(claimsIn).slice(0, mostClaims), orders, passages: passages.slice(0, mostPassages), passagesLeftOut: Math.max(0, passages.length - mostPassages),
    aboutFineTuning: pages.some(({ text }) => fineTuning.test(text)),
  };
}

function passagesOf(sentences: readonly Sentence[]): Passage[] {
  const groups: { page: number; text: string }[] = [];
  for (const { page, text } of sentences) {
    const last = groups.at(-1);
    if (last?.page === page && last.text.length + text.length < passageCharacters) last.text += ` ${text}`;
    else groups.push({ page, text });
  }
  return groups.flatMap(({ page, text }) => {
    const numbers = [...new Set(numbersIn(text).map(({ value }) => value))].slice(0, mostNumbers);
    const fields = claimFieldNames.filter((field) => isNamed(field, text) && numbers.some((value) => isPlausible(field, value)));
    return numbers.length === 0 || fields.length === 0 ? [] : [{ page, text, numbers, fields }];
  });
}
