import type { Recipe } from "../../../contract/index.js";
import type { RecipeFacts } from "../../recipes/facts.js";
import type { Constants } from "../scenario/family-fields.js";

/** What a recipe's data steps leave to train on. */
export interface TrainingRows {
  readonly rows: number;
  /** Rows that teach something: repeats and contradictions not counted. */
  readonly usefulRows: number;
  /** Share of the tokens of all rows. */
  readonly tokenShare: number;
  readonly longestTokens: number;
  /** Excess loss of what was done and left undone to the data, nats. */
  readonly excess: number;
}

/** The longest twentieth of the rows holds so many times the tokens of as many average rows: a log-normal of spread .6. */
const longRowsWeight = 2.6;
/** The longest row that is left after the longest twentieth went, over the longest of all. */
const shorterLongest = 0.6;

export function trainingRows(recipe: Recipe, facts: RecipeFacts, constants: Constants): TrainingRows {
  const maxSequenceTokens = recipe.training?.maxSequenceTokens ?? facts.longestTokens;
  const has = (operator: string): boolean => recipe.data.some((each) => each.operator === operator);
  const duplicates = has("deduplicate") ? 0 : facts.duplicates;
  const conflicts = has("drop-conflicts") ? 0 : facts.conflicts;
  let rows = facts.trainRows - (facts.duplicates - duplicates) - (facts.conflicts - conflicts);
  let useful = facts.trainRows - facts.duplicates - facts.conflicts;
  let tokenShare = rows / facts.trainRows;
  let longestTokens = facts.longestTokens;
  let excess = (duplicates > 0 ? constants.duplicateCost : 0) + (conflicts > 0 ? constants.conflictCost : 0);
  let longDropped = 0;
  for (const operator of recipe.data) {
    if (operator.operator === "drop-long") longDropped = Math.max(longDropped, 1 - operator.longestPercentile / 100);
    if (operator.operator === "sample") {
      rows *= operator.fraction;
      useful *= operator.fraction;
      tokenShare *= operator.fraction;
    }
    if (operator.operator === "balance-answers") {
      const share = operator.strength / constants.bestBalance;
      excess -= constants.balanceGain * share * (2 - share);
    }
  }
  // Rows that do not fit are left out by the trainer: the few longest first.
  const fitting = Math.min(1, maxSequenceTokens / facts.longestTokens);
  longDropped = Math.max(longDropped, fitting < 1 ? 0.9 * (1 - fitting) ** 2 : 0);
  if (longDropped > 0) {
    rows *= 1 - longDropped;
    useful *= 1 - longDropped;
    tokenShare *= Math.max(0.05, 1 - longRowsWeight * longDropped * (1 - longDropped));
    longestTokens *= Math.max(0.05, Math.min(fitting, 1 - (1 - shorterLongest) * Math.min(1, longDropped / 0.05)));
    excess -= constants.longRowsCost * Math.min(1, longDropped / 0.05);
  }
  const usefulRows = Math.max(1, useful);
  excess += constants.amountCost * (amount(usefulRows / facts.trainRows) - amount((facts.trainRows - facts.duplicates - facts.conflicts) / facts.trainRows));
  return { rows: Math.max(1, rows), usefulRows, tokenShare, longestTokens, excess };
}

/** Loss falls with the number of rows as a power of about -.3 (scaling laws of fine-tuning data, Zhang et al., arXiv 2402.17193); 1 from all to half. */
const amount = (share: number): number => (Math.max(share, 1e-6) ** -0.3 - 1) / (2 ** 0.3 - 1);
