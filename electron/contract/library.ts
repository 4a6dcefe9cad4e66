import { z } from "zod";
import { cardSchema } from "./card.js";

/** A document the user put into the library. Its text stays in the library; planners see the cards made of it. */
export const documentKinds = ["pdf", "markdown", "html", "bibtex", "text"] as const;
export const libraryDocumentSchema = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(documentKinds),
  /** As the user named it; never sent anywhere. */
  path: z.string(),
  sha256: z.string(),
  addedAt: z.string(),
  pages: z.number().int(),
  characters: z.number().int(),
  /** Characters a person would not see (white, tiny, off the page, zero-width): kept out of the index and of every prompt. */
  hiddenCharacters: z.number().int(),
  cards: z.number().int(),
  status: z.enum(["read", "failed"]),
  /** Plain sentences: what was odd, what was left out, why it failed. */
  warnings: z.array(z.string()),
});
export type LibraryDocument = z.infer<typeof libraryDocumentSchema>;

export const searchHitSchema = z.object({
  source: z.enum(["card", "document"]),
  id: z.string(),
  title: z.string(),
  /** 1-based; null for cards and for formats without pages. */
  page: z.number().int().nullable(),
  snippet: z.string(),
  score: z.number(),
  /** How it was found: by words, by meaning, or both. */
  by: z.enum(["words", "meaning", "both"]),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

export const onlineSources = ["arxiv", "semantic-scholar", "hf-papers", "hf-models", "hf-datasets"] as const;
export type OnlineSource = (typeof onlineSources)[number];
export const onlineResultSchema = z.object({
  source: z.enum(onlineSources),
  id: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  year: z.number().int().nullable(),
  summary: z.string(),
  url: z.string(),
  licence: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  downloads: z.number().nullable(),
});
export type OnlineResult = z.infer<typeof onlineResultSchema>;

/** A data set somebody could train on, with what speaks for it and against it. */
export const dataProposalSchema = z.object({
  origin: z.enum(["folder", "library", "hf-cache", "huggingface"]),
  name: z.string(),
  /** A path on this disk, or an https address. */
  location: z.string(),
  format: z.string().nullable(),
  rows: z.number().int().nullable(),
  sizeBytes: z.number().nullable(),
  licence: z.string().nullable(),
  /** Rows that repeat text of the run's held-out rows; null when there is nothing to compare with. Counted by the host, never shown. */
  overlappingRows: z.number().int().nullable(),
  /** 0..1 against the goal and the sample of the task's own training rows. */
  relevance: z.number(),
  usable: z.boolean(),
  reason: z.string(),
});
export type DataProposal = z.infer<typeof dataProposalSchema>;

export const libraryViewSchema = z.object({
  documents: z.array(libraryDocumentSchema),
  cards: z.array(cardSchema),
  /** Which text embedder makes "by meaning" work; null: full-text search only. */
  embeddingModel: z.string().nullable(),
});
export type LibraryView = z.infer<typeof libraryViewSchema>;
