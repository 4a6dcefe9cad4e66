import type { Axis, CardCondition, FailureClass, LossPoint, MoveId, NodeKind, Recipe, TensorSpectrum } from "../../contract/index.js";
import type { FinalistCandidate, PolicyState } from "../policy/index.js";
import type { RecipeFacts } from "../recipes/facts.js";

/** What a policy wants run next. */
export interface Ask {
  readonly recipe: Recipe;
  /** Id of the observation it grows from; the first baseline where it grows from nothing. */
  readonly parent: string;
  readonly move: MoveId | null;
  readonly axis: Axis;
  /** Share of the training: 1 is all of it. Only full ones can be delivered. */
  readonly fraction: number;
  /** Share of the dev-search items to score it on, the first ones. */
  readonly itemShare: number;
  /** Goes on from this observation of the same recipe at a smaller fraction and pays the rest only. */
  readonly resume: string | null;
  /** The machine's time for the decision itself. */
  readonly decisionMs: number;
}

/** What came of it. */
export interface Observation {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: NodeKind;
  readonly move: MoveId | null;
  readonly axis: Axis;
  readonly recipe: Recipe;
  readonly fraction: number;
  readonly status: "done" | "failed";
  readonly failure: FailureClass | null;
  /** Mean of `scores`; null when it failed. */
  readonly score: number | null;
  readonly standardError: number | null;
  /** 1 or 0 an item, in the split's order. */
  readonly scores: readonly number[];
  /** Decision, training and evaluation. */
  readonly costMs: number;
  /** Spent since the start of the run when it ended. */
  readonly finishedMs: number;
  readonly loss: readonly LossPoint[];
  readonly spectra: readonly TensorSpectrum[];
  readonly conditions: readonly CardCondition[];
}

export interface SearchView {
  /** With the best untrained prompt so far. */
  readonly facts: RecipeFacts;
  /** Baselines and the default recipe first; oldest first. */
  readonly observations: readonly Observation[];
  readonly remainingMs: number;
  /** For the whole search, the end of the run not included. */
  readonly searchMs: number;
  readonly items: number;
  readonly random: () => number;
}

/**
 * A search policy, asked and told in turns. All start from the same observations: the untrained baselines and the
 * default recipe. A policy that gives null has nothing left to try and ends its search.
 */
export interface Policy {
  readonly name: string;
  ask(view: SearchView): Ask | null | Promise<Ask | null>;
  tell(observation: Observation): void;
  /** Which experiments it would have judged on dev-select, best first; the highest scores where it has no view of its own. */
  finalists?(state: PolicyState, most: number): readonly FinalistCandidate[];
}

/** A policy is made anew for each run. */
export type PolicyFactory = () => Policy;

/** A full experiment that grows from nothing. */
export const askFor = (recipe: Recipe, change: Partial<Ask> = {}): Ask => ({ recipe, parent: "n0", move: null, axis: "optimization", fraction: 1, itemShare: 1, resume: null, decisionMs: 0, ...change });
