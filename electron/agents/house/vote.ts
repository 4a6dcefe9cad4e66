import type { MoveId, Prediction } from "../../contract/index.js";

/** A rule's vote: how much it wants a move, why, what it rests on, and what would prove it wrong. */
export interface Vote {
  readonly move: MoveId;
  readonly weight: number;
  /** One sentence made of figures and node ids only. */
  readonly why: string;
  /** Ids of nodes, cards, hints or diagnoses. */
  readonly evidence: readonly string[];
  /** null: the score rises by more than the noise. */
  readonly prediction: Prediction | null;
}

export function vote(move: MoveId, weight: number, why: string, evidence: readonly string[] = [], prediction: Prediction | null = null): Vote {
  return { move, weight, why, evidence, prediction };
}
