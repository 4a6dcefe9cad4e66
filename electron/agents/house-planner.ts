import type { Candidate, Planner, PlannerContext, Proposal } from "../contract/index.js";
import { diagnoseFromNumbers } from "./diagnose.js";
import { weighMoves } from "./house-rules.js";

const mostCandidates = 3;

/**
 * Plans by rule, without a model: the control every language model must beat, and what stands behind it when it
 * fails. Deterministic: the same context gives the same candidates; chance enters only where the host samples one.
 * It leaves every number to the optimiser.
 */
export function createHousePlanner(): Planner {
  return {
    name: "house-planner",
    propose: (context) => Promise.resolve(houseProposal(context)),
    diagnose: (context) => Promise.resolve({ insight: diagnoseFromNumbers(context), spent: { seconds: 0, tokens: 0 } }),
    dispose: () => Promise.resolve(),
  };
}

function houseProposal(context: PlannerContext): Proposal {
  const best = weighMoves(context).slice(0, mostCandidates);
  const total = best.reduce((sum, vote) => sum + vote.weight, 0);
  const candidates: Candidate[] = best.map((vote) => ({ move: vote.move, probability: vote.weight / total, hypothesis: vote.hypothesis.slice(0, 300) }));
  const evidence = [...new Set([...best.flatMap((vote) => vote.evidence), "rule"])];
  return { candidates, numbers: {}, evidence, decidedBy: "house-planner", fallbackReason: null, spent: { seconds: 0, tokens: 0 } };
}
