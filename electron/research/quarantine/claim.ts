import type { CardCondition, NumericField } from "../../contract/index.js";

/**
 * The only thing that comes out of a document: which number, how it is spoken of, its value and where it stands. No word of
 * the document is in it, so no word of the document can reach a planner.
 */
export interface Claim {
  readonly field: ClaimField;
  readonly direction: ClaimDirection;
  readonly value: number;
  readonly when: CardCondition;
  readonly page: number;
}

export const claimDirections = ["used", "best", "too-high", "too-low"] as const;
export type ClaimDirection = (typeof claimDirections)[number];

export interface FieldFacts {
  readonly name: string;
  readonly unit: string;
  /** Values outside are another quantity, or nonsense. */
  readonly minimum: number;
  readonly maximum: number;
  readonly integer: boolean;
  /** The menu's number this is, in the same unit; null: a claim for people. */
  readonly menuField: NumericField | null;
  readonly tag: string;
}

export const claimFields = {
  learningRate: { name: "learning rate", unit: "", minimum: 1e-7, maximum: 0.1, integer: false, menuField: "learningRate", tag: "learning-rate" },
  rank: { name: "adapter rank", unit: "", minimum: 1, maximum: 1024, integer: true, menuField: "rank", tag: "rank" },
  alpha: { name: "adapter alpha", unit: "", minimum: 1, maximum: 4096, integer: false, menuField: null, tag: "alpha" },
  epochs: { name: "number of epochs", unit: "epochs", minimum: 0.05, maximum: 100, integer: false, menuField: "epochs", tag: "epochs" },
  batchSize: { name: "batch size", unit: "sequences", minimum: 1, maximum: 65_536, integer: true, menuField: null, tag: "batch-size" },
  tokensPerStep: { name: "tokens per step", unit: "tokens", minimum: 64, maximum: 2 ** 26, integer: true, menuField: "tokensPerStep", tag: "batch-size" },
  dropout: { name: "dropout", unit: "", minimum: 0, maximum: 0.9, integer: false, menuField: "dropout", tag: "dropout" },
  weightDecay: { name: "weight decay", unit: "", minimum: 0, maximum: 1, integer: false, menuField: "weightDecay", tag: "weight-decay" },
  warmupFraction: { name: "warm-up share", unit: "", minimum: 0, maximum: 0.5, integer: false, menuField: null, tag: "warm-up" },
  trainingExamples: { name: "number of training examples", unit: "examples", minimum: 50, maximum: 1e9, integer: true, menuField: null, tag: "data-size" },
  sequenceTokens: { name: "sequence length", unit: "tokens", minimum: 32, maximum: 1e7, integer: true, menuField: null, tag: "sequence-length" },
} as const satisfies Record<string, FieldFacts>;
export type ClaimField = keyof typeof claimFields;
export const claimFieldNames = Object.keys(claimFields) as ClaimField[];

export function isPlausible(field: ClaimField, value: number): boolean {
  const { minimum, maximum, integer } = claimFields[field];
  return Number.isFinite(value) && value >= minimum && value <= maximum && (!integer || Number.isInteger(value));
}
