import type { Card, LibraryDocument } from "../../contract/index.js";
import { cut } from "../readers/parts.js";
import type { Entry } from "./full-text.js";
import type { TextGroup } from "./meaning.js";
import type { StoredDocument } from "./document-store.js";

/** A passage that an embedding model reads whole. */
const passageCharacters = 1200;

export const pageKey = (documentId: string, page: number): string => `document ${documentId} ${page}`;
export const cardKey = (cardId: string): string => `card ${cardId}`;

export function entriesOf(stored: StoredDocument, cards: readonly Card[]): Entry[] {
  return [...stored.pages.map(({ number, text }) => ({ key: pageKey(stored.document.id, number), title: stored.document.title, text })), ...cards.map(entryOfCard)];
}

export const entryOfCard = (card: Card): Entry => ({ key: cardKey(card.id), title: card.title, text: `${card.claim} ${card.scope} ${card.tags.join(" ")}` });

/** A document's passages and cards: what gets vectors. */
export function groupOf(file: string, stored: StoredDocument, cards: readonly Card[]): TextGroup {
  const passages = stored.pages.flatMap(({ number, text }) => cut(text, passageCharacters).map((passage) => ({ key: pageKey(stored.document.id, number), text: passage })));
  return { file, texts: [...passages, ...cards.map(textOfCard)] };
}

export const textOfCard = (card: Card): { key: string; text: string } => ({ key: cardKey(card.id), text: `${card.title}. ${card.claim}` });

/** Pages have numbers that a person can turn to; entries and parts do not. */
export const hasPages = (document: Pick<LibraryDocument, "kind">): boolean => document.kind === "pdf";
