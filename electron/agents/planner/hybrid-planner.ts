import type { Planner, Proposal } from "../../contract/index.js";

export interface HybridOptions {
  /** Always proposes. */
  readonly house: Planner;
  /** Is asked in `share` of the decisions by chance, and in all where the house planner can hardly choose. */
  readonly model: Planner;
  /** 0..1; 1: always. */
  readonly share?: number;
  /** The house planner's first two candidates are nearly tied when the second has at least this share of the first's probability. */
  readonly tieRatio?: number;
}

/**
 * Centaur: a classical proposer, overridden by a language model in three decisions of ten, beats either alone, and a larger share hurts
 * (arXiv 2603.24647). One decision in eight of the agent check is a near tie, so two by chance make three in all.
 */
export const defaultShare = 0.2;
const defaultTieRatio = 0.98;

export function createHybridPlanner({ house, model, share = defaultShare, tieRatio = defaultTieRatio }: HybridOptions): Planner {
  return {
    name: "language-model",
    async propose(context, random, signal) {
      const drawn = random() < share;
      const proposal = await house.propose(context, random, signal);
      return drawn || isNearlyTied(proposal, tieRatio) ? model.propose(context, random, signal) : proposal;
    },
    diagnose: (context, signal) => house.diagnose(context, signal),
    worth: (history, budget) => model.worth(history, budget),
    mend: (context, random, signal) => model.mend(context, random, signal),
    async dispose() {
      await model.dispose();
      await house.dispose();
    },
  };
}

function isNearlyTied({ candidates }: Proposal, ratio: number): boolean {
  const [first, second] = candidates.map((candidate) => candidate.probability).sort((left, right) => right - left);
  return first !== undefined && second !== undefined && second >= ratio * first;
}
