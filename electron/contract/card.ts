import { z } from "zod";
import { moveIds, numericFields, type MoveId, type NumericField } from "./recipe.js";

/**
 * A knowledge card: one claim in our own words, with its scope, its numbers and where it comes from. The planner sees
 * cards, never the documents behind them. Three kinds share one shape: those that ship with the app, those a quarantined
 * reader made of a document, and what earlier runs of the same user taught.
 */
export const cardKinds = ["built-in", "document", "insight"] as const;

/** How much stands behind a claim; the priors weigh by it. */
export const cardConfidences = ["measured", "reported", "secondary", "derived"] as const;

/** Situations an effect is limited to. The host decides whether one holds (research/select-cards.ts). */
export const cardConditions = [
  "always", "small-data", "large-data", "small-model", "large-model", "overfitting", "underfitting", "unstable", "loss-falling", "loss-flat",
  "has-conflicts", "has-duplicates", "json-answers", "multiple-choice", "long-rows", "small-budget", "large-budget", "few-bits",
] as const;
export type CardCondition = (typeof cardConditions)[number];

const fieldNames = Object.keys(numericFields) as [NumericField, ...NumericField[]];

/** What a claim means for the menu, in a form that code can use. A claim without one still informs people. */
export const cardEffectSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("number"), field: z.enum(fieldNames), when: z.enum(cardConditions),
    /** Best value in the field's own unit, and how far it is known: one standard deviation as a share of the field's range (0..1). */
    centre: z.number(), spread: z.number().min(0.02).max(1),
  }),
  z.object({
    kind: z.literal("move"), move: z.enum(moveIds), when: z.enum(cardConditions),
    /** Expected change of the score as a share of the way from the base to perfect, -0.5..0.5, and one standard deviation of it. */
    gain: z.number().min(-0.5).max(0.5), spread: z.number().min(0.005).max(0.5),
  }),
]);
export type CardEffect = z.infer<typeof cardEffectSchema>;

export const cardSourceSchema = z.object({
  title: z.string().min(1).max(200),
  /** arXiv number, DOI, https address, or the file's name in the library. */
  reference: z.string().min(1).max(300),
  /** Page, section or table; empty when the whole source says so. */
  locator: z.string().max(80),
  year: z.number().int().min(1950).max(2100).nullable(),
});

export const cardSchema = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{2,79}$/),
  kind: z.enum(cardKinds),
  title: z.string().min(3).max(100),
  claim: z.string().min(10).max(400),
  /** For which models, data, methods and sizes it was found. */
  scope: z.string().min(3).max(300),
  numbers: z.array(z.object({ name: z.string().min(1).max(80), value: z.number(), unit: z.string().max(30) })).max(8),
  effects: z.array(cardEffectSchema).max(6),
  sources: z.array(cardSourceSchema).min(1).max(6),
  /** Who says otherwise, and what. */
  disagreements: z.array(z.object({ source: z.string().min(1).max(300), claim: z.string().min(3).max(300) })).max(4),
  confidence: z.enum(cardConfidences),
  tags: z.array(z.string().regex(/^[a-z0-9-]{2,30}$/)).max(8),
  /** Insights only: the run they come from. */
  provenance: z.object({ runId: z.string(), nodeId: z.string(), architecture: z.string(), metric: z.string(), date: z.string() }).nullable(),
});
export type Card = z.infer<typeof cardSchema>;

/** What a planner is shown of a card. */
export interface CardSummary {
  readonly id: string;
  readonly kind: Card["kind"];
  readonly claim: string;
  readonly scope: string;
  readonly confidence: Card["confidence"];
  /** Empty when nobody disagrees. */
  readonly disagreement: string;
  /** Which moves the card's effects speak of, and whether for or against; absent or empty: it only informs. */
  readonly about?: readonly { readonly move: MoveId; readonly helps: boolean }[];
}
