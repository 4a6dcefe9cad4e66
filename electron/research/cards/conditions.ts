import type { CardCondition, Knowledge } from "../../contract/index.js";

/** What is known of a run before its first experiment. */
export type RunFacts = Parameters<Knowledge["runConditions"]>[0];

/**
 * Where a condition begins. They are borders of a card's use, not laws: each is put where the sources behind the cards
 * change their advice, and a card beside its border loses weight by its spread, not by these.
 */
export const thresholds = {
  /** LIMA and its followers call up to a thousand rows few; from there on repeated epochs begin to memorise. */
  smallDataRows: 1000,
  /** Alpaca-sized sets (52k) and above; under 20,000 rows an epoch still fits a short pilot on one consumer card. */
  largeDataRows: 20_000,
  /** Under it fall the 0.5B, 0.6B, 1B and SmolLM2 models, which want larger rates and take harm sooner. */
  smallModelParameters: 1.5e9,
  /** Above it 8B and 9B models end; 12B to 14B and more want smaller rates and leave little memory on one card. */
  largeModelParameters: 9e9,
  /** One row in two hundred: less is noise of collecting, and removing it moves no score that 200 items could show. */
  faultyShare: 0.005,
  /** The default tokens per step hold one such row only, so that a step's loss hangs on single rows. */
  longRowTokens: 2048,
  /**
   * There are nine axes, and an experiment with a model of some billion parameters takes five to ten minutes on a consumer
   * card: an hour ends before each axis was tried once.
   */
  smallBudgetMs: 3_600_000,
  /** A night: several tries of each axis, and enough points for a model of the numbers. */
  largeBudgetMs: 8 * 3_600_000,
  /** Four-bit types have 4.25 to 4.9 bits with their scales; under 4 lie the 2- and 3-bit types, where quantisation itself costs score. */
  fewBytesPerWeight: 0.5,
} as const;

/** The conditions of a whole run, in a fixed order. Those of a node (overfitting and the like) come from its diagnosis. */
export function conditionsOf(facts: RunFacts): CardCondition[] {
  const isFaulty = (rows: number): boolean => rows > 0 && rows >= thresholds.faultyShare * facts.trainRows;
  const holds: readonly (readonly [CardCondition, boolean])[] = [
    ["always", true],
    ["small-data", facts.trainRows < thresholds.smallDataRows],
    ["large-data", facts.trainRows > thresholds.largeDataRows],
    ["small-model", facts.parameters < thresholds.smallModelParameters],
    ["large-model", facts.parameters > thresholds.largeModelParameters],
    ["has-conflicts", isFaulty(facts.conflicts)],
    ["has-duplicates", isFaulty(facts.duplicates)],
    ["json-answers", facts.answersAreJson || facts.metric === "json-fields"],
    ["multiple-choice", facts.metric === "multiple-choice"],
    ["long-rows", facts.longestTokens > thresholds.longRowTokens],
    ["small-budget", facts.budgetMs < thresholds.smallBudgetMs],
    ["large-budget", facts.budgetMs >= thresholds.largeBudgetMs],
    ["few-bits", facts.modelBytesPerWeight !== null && facts.modelBytesPerWeight < thresholds.fewBytesPerWeight],
  ];
  return holds.flatMap(([condition, isTrue]) => (isTrue ? [condition] : []));
}
