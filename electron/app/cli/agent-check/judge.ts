import type { MoveId, Proposal } from "../../../contract/index.js";
import type { DecisionCase } from "./decision-case.js";

export interface CaseResult {
  readonly name: string;
  readonly group: string;
  /** The planner's own answer passed menu, bounds and evidence; false: the house planner had to decide. */
  readonly valid: boolean;
  /** Its likeliest candidate; null without a valid answer. */
  readonly move: MoveId | null;
  readonly verdict: "sensible" | "debatable" | "wrong" | "invalid";
  readonly housePick: MoveId;
  readonly fallbackReason: string | null;
  readonly seconds: number;
  readonly tokens: number;
}

export function judge(asked: DecisionCase, proposal: Proposal, house: Proposal): CaseResult {
  const valid = proposal.fallbackReason === null;
  const move = valid ? likeliest(proposal) : null;
  const verdict = move === null ? "invalid" : asked.sensible.includes(move) ? "sensible" : asked.wrong.includes(move) ? "wrong" : "debatable";
  return { name: asked.name, group: asked.group, valid, move, verdict, housePick: likeliest(house), fallbackReason: proposal.fallbackReason, seconds: proposal.spent.seconds, tokens: proposal.spent.tokens };
}

function likeliest({ candidates }: Proposal): MoveId {
  const best = candidates.reduce((found, next) => (next.probability > found.probability ? next : found));
  return best.move;
}

export interface Figures {
  readonly cases: number;
  /** Shares of all cases, 0..1. */
  readonly validity: number;
  /** Valid and what an engineer would do. */
  readonly executableAccuracy: number;
  /** Valid and clearly wrong: the costly kind, because nothing stops it. */
  readonly wrongButValid: number;
  readonly agreementWithHouse: number;
  readonly seconds: number;
  readonly tokens: number;
}

export function figuresOf(results: readonly CaseResult[]): Figures {
  const share = (test: (result: CaseResult) => boolean): number => (results.length === 0 ? 0 : results.filter(test).length / results.length);
  return {
    cases: results.length,
    validity: share((result) => result.valid),
    executableAccuracy: share((result) => result.verdict === "sensible"),
    wrongButValid: share((result) => result.verdict === "wrong"),
    agreementWithHouse: share((result) => result.move === result.housePick),
    seconds: results.reduce((sum, result) => sum + result.seconds, 0),
    tokens: results.reduce((sum, result) => sum + result.tokens, 0),
  };
}
