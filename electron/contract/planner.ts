import "./cancellation.js";
import type { Candidate, Decider, TreeNode } from "./node.js";
import type { Axis, MoveId, NumericField, Recipe } from "./recipe.js";
import type { MetricName } from "./task.js";

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
}

export interface Proposal {
  /** One to three, probabilities adding up to 1; the host samples. */
  readonly candidates: readonly Candidate[];
  /** Inside bounds or absent; the optimiser fills in the rest. */
  readonly numbers: Readonly<Partial<Record<NumericField, number>>>;
  readonly evidence: readonly string[];
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
}

export interface Planner {
  readonly name: Decider;
  /** Never rejects for what a model said: the house planner stands behind it. */
  propose(context: PlannerContext, random: () => number, signal: AbortSignal): Promise<Proposal>;
  /** One line of at most 200 characters. */
  diagnose(context: DiagnosisContext, signal: AbortSignal): Promise<{ insight: string; spent: { seconds: number; tokens: number } }>;
  dispose(): Promise<void>;
}
