import type { Axis, CardCondition, CardEffect, Decision, Estimate, FailureClass, MoveId, MoveOutlook, Plan, Recipe, TensorSpectrum } from "../../contract/index.js";
import type { RecipeFacts } from "../recipes/facts.js";
import type { SearchNode } from "./search-node.js";

/** A node with everything a decision may look at. The same for a real run (session/) and a simulated one (tree/simulator). */
export interface PolicyNode extends SearchNode {
  /** null where the host or the user made the recipe. */
  readonly move: MoveId | null;
  readonly recipe: Recipe;
  /** Of `reward`, over its items; null without one. */
  readonly standardError: number | null;
  /** Score of the short training on the first items; it does not compare with a full score, only with another pilot. */
  readonly pilot: { readonly score: number; readonly standardError: number } | null;
  /** Everything spent on it, planning included. */
  readonly costMs: number;
  readonly failure: FailureClass | null;
  readonly hasAdapter: boolean;
  readonly spectra: readonly TensorSpectrum[];
  /** What holds of this node alone: overfitting, unstable, loss-falling … Conditions of the whole run are in the state. */
  readonly conditions: readonly CardCondition[];
  readonly pinned: boolean;
  /** The user cut it off: nothing grows from it or below it. */
  readonly cutOff: boolean;
  /** A language model set a number or went against the optimiser here: counted, because it may do so in 30 % of the nodes. */
  readonly overridden?: boolean;
}

/** What a card says that bears on this run, with how far it is believed (0..1). */
export interface Prior {
  readonly cardId: string;
  readonly effect: CardEffect;
  readonly weight: number;
}

export interface PolicyState {
  /** Oldest first, baselines included. */
  readonly nodes: readonly PolicyNode[];
  readonly facts: RecipeFacts;
  /** Those whose condition holds for the run as a whole, or is one of a single node. */
  readonly priors: readonly Prior[];
  /** Score of the prompted base, and the best score there can be (null: none known). */
  readonly baselineScore: number;
  readonly reference: number | null;
  /** Standard error of one node's score now. */
  readonly noise: number;
  readonly budget: { readonly remainingMs: number; readonly nodeMs: number; readonly nodesLeft: number };
}

/** First half of a step: where to grow and what could be done there. The planner is asked between the halves. */
export interface Preparation {
  readonly parent: PolicyNode;
  readonly selection: Decision["selection"];
  /** Every branch was at a dead end, and the best node with moves left was opened again. */
  readonly reopened: boolean;
  readonly backtracked: boolean;
  /** After the quotas; a planner chooses from it. Never empty. */
  readonly menu: readonly MoveId[];
  /** Before the quotas: used when nothing on the menu leads anywhere new. */
  readonly open: readonly MoveId[];
  /** One for each move of `menu`, in its order. */
  readonly outlook: readonly MoveOutlook[];
}

/** Second half: what the host made of the planner's proposal. */
export interface StepDecision {
  readonly move: MoveId;
  readonly axis: Axis;
  readonly recipe: Recipe;
  readonly numbers: Plan["numbers"];
  readonly hypothesis: string;
  /** False: none of the planner's candidates led anywhere new, and the host drew. */
  readonly byPlanner: boolean;
  readonly candidates: Decision["candidates"];
  /** Plain sentences: what was weighed, drawn, refused and why. */
  readonly host: readonly string[];
  /** The new node's `overridden`: a language model set a number or went against the optimiser. */
  readonly overridden: boolean;
}

/** What is asked of `decideRung`, before a node's training (`pilot: null`) and after its pilot. */
export interface RungQuestion {
  readonly recipe: Recipe;
  readonly parentId: string | null;
  readonly axis: Axis;
  /** One score an item for the pilot that was run, and for pilots of earlier nodes on the same items in the same order, as many as are at hand. */
  readonly pilot: null | {
    readonly candidate: readonly number[];
    readonly incumbents: readonly { readonly nodeId: string; readonly scores: readonly number[] }[];
  };
  readonly seed: number;
}

export interface RungDecision {
  /** Before: "pilot" or "full". After a pilot: "full" or "stop". */
  readonly next: "pilot" | "full" | "stop";
  /** Paired difference to the pilot it was compared with; null where there was none. */
  readonly gain: Estimate | null;
  /** One plain sentence. */
  readonly reason: string;
}

export interface RungCorrelation {
  /** Spearman's rank correlation of pilot and full scores. */
  readonly spearman: number;
  /** Nodes with both. */
  readonly n: number;
}

export interface StopDecision {
  readonly stop: boolean;
  /** One plain sentence. */
  readonly reason: string;
}
