import "./cancellation.js";
import type { CardCondition, CardSummary } from "./card.js";
import type { Candidate, Decider, Prediction, TreeNode } from "./node.js";
import type { Axis, MoveId, NumericField, Recipe } from "./recipe.js";
import type { Failure } from "./result.js";
import type { Constraints, MetricName, Skill } from "./task.js";

/** What the host's model of the search expects of a move from this parent: the optimiser's word beside the planner's. */
export interface MoveOutlook {
  readonly move: MoveId;
  /** Expected change of dev-search score against the parent, and one standard deviation of it, in the metric's unit. */
  readonly expectedGain: number;
  readonly standardDeviation: number;
  /** How often this move ran in this run, failures included. */
  readonly tries: number;
  /** Probability that it trains to the end: learned from what did not fit, diverged or ran out of time. */
  readonly feasible: number;
  /** What the node is expected to cost. */
  readonly costMs: number;
}

/** What kept failing on dev-search, counted by the host. Never an item's text: gaps of ability only. */
export interface FailureCluster {
  readonly label: string;
  /** Share of the items, 0..1. */
  readonly share: number;
}

/** Everything a planner may know. Bounded in size whatever the tree's; nothing of dev-select or the vault is in it. */
export interface PlannerContext {
  readonly goal: string;
  readonly metric: MetricName;
  readonly architecture: string;
  readonly trainRows: number;
  readonly answersAreJson: boolean;
  readonly conflicts: number;
  readonly duplicates: number;
  readonly parent: NodeSummary;
  /** Root to parent, oldest first, at most six. */
  readonly path: readonly NodeSummary[];
  readonly siblings: readonly NodeSummary[];
  readonly keyNodes: readonly NodeSummary[];
  readonly baselineScore: number;
  readonly bestScore: number;
  readonly noiseFloor: number;
  /** At most five, newest first. */
  readonly insights: readonly string[];
  readonly axisCounts: Readonly<Partial<Record<Axis, number>>>;
  readonly budget: { readonly remainingMs: number; readonly nodeMs: number; readonly nodesLeft: number };
  readonly skill: Skill;
  readonly target: number | null;
  readonly mustNotGetWorse: readonly string[];
  readonly constraints: Constraints;
  /** Cards that fit this situation, the most telling first; at most six. */
  readonly cards: readonly CardSummary[];
  /** The user's hints, newest first, at most five: material, not orders. */
  readonly hints: readonly { readonly id: string; readonly text: string }[];
  /** One for each move of the menu, in its order. */
  readonly outlook: readonly MoveOutlook[];
  readonly parentFailures: readonly FailureCluster[];
  /** Which sizes fit the memory of this machine, as far as they were tried or planned: at most eight. */
  readonly memoryTable: readonly { readonly rank: number; readonly tokensPerStep: number; readonly plannedBytes: number | null; readonly fits: boolean }[];
  readonly rungCorrelation: number | null;
  /** The moves that change this parent's recipe and were not tried from it. Never empty when a planner is asked. */
  readonly menu: readonly MoveId[];
}

export interface NodeSummary {
  readonly id: string;
  readonly title: string;
  readonly move: MoveId | null;
  readonly axis: Axis;
  readonly status: TreeNode["status"];
  readonly verdict: TreeNode["verdict"];
  readonly score: number | null;
  readonly trainLoss: number | null;
  readonly validationLoss: number | null;
  readonly secondary: Readonly<Record<string, number>>;
  readonly recipe: Recipe;
  readonly insight: string | null;
  /** What holds of this node as the host worked it out; absent: to be read from the figures. */
  readonly conditions?: readonly CardCondition[];
}

export interface Proposal {
  /** Said before the plan: which axis, and what evidence points there. */
  readonly direction: { readonly axis: Axis; readonly why: string };
  /** One to three, probabilities adding up to 1; the host samples. */
  readonly candidates: readonly Candidate[];
  /** Inside bounds or absent; the optimiser fills in the rest. */
  readonly numbers: Readonly<Partial<Record<NumericField, number>>>;
  /** Ids that exist: nodes and cards of the context, "hint:…", "diagnosis:NODE", or "rule". Never empty. */
  readonly evidence: readonly string[];
  /** Name and version of every prompt that was used. */
  readonly prompts: readonly string[];
  readonly promptCharacters: number;
  readonly decidedBy: Decider;
  readonly fallbackReason: string | null;
  readonly spent: { readonly seconds: number; readonly tokens: number };
}

export interface DiagnosisContext {
  readonly node: NodeSummary;
  readonly parent: NodeSummary | null;
  readonly gain: number | null;
  readonly noiseFloor: number;
  readonly loss: TreeNode["loss"];
  /** What the node's plan foretold; absent: nothing typed. */
  readonly prediction?: Prediction;
}

/** Repairs a planner may choose from when the host's own did not help. */
export const mendChoices = ["halve-batch", "halve-rank", "shorten-rows", "lower-rate", "fewer-epochs", "drop-last-data-operator", "drop-prompt", "give-up"] as const;
export type MendChoice = (typeof mendChoices)[number];

export interface MendContext {
  readonly node: NodeSummary;
  readonly failure: Failure;
  /** Repairs tried on this node already, in plain sentences. */
  readonly tried: readonly string[];
  /** Those that would change this recipe; "give-up" is always among them. */
  readonly choices: readonly MendChoice[];
  readonly budget: PlannerContext["budget"];
}

/** What one finished experiment cost to think of and brought; oldest first. */
export interface ThinkingRecord {
  readonly decidedBy: Decider;
  readonly thinkingMs: number;
  readonly tokens: number;
  /** Everything else the node cost. */
  readonly nodeMs: number;
  /** Change of the run's best score by this node, in the metric's unit; 0 when it changed nothing. */
  readonly improvement: number;
  readonly noise: number;
}

export interface Planner {
  readonly name: Decider;
  /** Never rejects for what a model said: the house planner stands behind it. */
  propose(context: PlannerContext, random: () => number, signal: AbortSignal): Promise<Proposal>;
  /**
   * One line of at most 200 characters, and what holds of this node alone (overfitting, unstable, loss-falling, loss-flat, underfitting).
   * `held`: whether the prediction came true; null or absent where there was none or its figure was not measured.
   */
  diagnose(context: DiagnosisContext, signal: AbortSignal): Promise<{ insight: string; conditions: readonly CardCondition[]; held?: boolean | null; spent: { seconds: number; tokens: number } }>;
  /** Does thinking still earn what it costs? Asked before each proposal; once it says no, the house planner goes on alone. */
  worth(history: readonly ThinkingRecord[], budget: PlannerContext["budget"]): { readonly retire: boolean; readonly reason: string };
  /** Asked once a node, after the mechanical repair failed. Never rejects for what a model said. */
  mend(context: MendContext, random: () => number, signal: AbortSignal): Promise<{ choice: MendChoice; why: string; spent: { seconds: number; tokens: number } }>;
  dispose(): Promise<void>;
}
