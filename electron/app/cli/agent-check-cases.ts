import { moveIds, type MoveId, type NodeSummary, type PlannerContext, type Recipe } from "../../contract/index.js";

export interface DecisionCase {
  readonly name: string;
  readonly context: PlannerContext;
  /** Moves an experienced engineer would accept here. */
  readonly sensible: readonly MoveId[];
}

const recipe: Recipe = {
  data: [], prompt: { system: null, fewShot: 0 }, seed: 1,
  training: { learningRate: 3e-4, rank: 16, alpha: 32, targets: "all", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 2048, maxSequenceTokens: 512, warmStartFrom: null },
};

function node(changes: Partial<NodeSummary>): NodeSummary {
  return {
    id: "n3", title: "Default QLoRA recipe", move: null, axis: "optimization", status: "done", verdict: "gain", score: 0.62, trainLoss: 0.9, validationLoss: 0.95,
    secondary: { valid: 0.97 }, recipe, insight: null, ...changes,
  };
}

function context(parent: NodeSummary, changes: Partial<PlannerContext> = {}): PlannerContext {
  return {
    goal: "Turn a support request into a strict JSON ticket.", metric: "json-fields", architecture: "qwen2", trainRows: 2400, answersAreJson: true, conflicts: 0, duplicates: 0,
    parent, path: [parent], siblings: [], keyNodes: [], baselineScore: 0.41, bestScore: parent.score ?? 0.41, noiseFloor: 0.03, insights: [],
    axisCounts: {}, budget: { remainingMs: 1_800_000, nodeMs: 120_000, nodesLeft: 12 }, menu: moveIds, ...changes,
  };
}

/** Small, fixed and readable on purpose: situations whose right direction is not in doubt. */
export const decisionCases: readonly DecisionCase[] = [
  {
    name: "overfitting: training loss far below validation loss",
    context: context(node({ trainLoss: 0.08, validationLoss: 1.4, recipe: { ...recipe, training: recipe.training === null ? null : { ...recipe.training, epochs: 6 } } })),
    sensible: ["train-shorter", "dropout", "weight-decay", "rank", "learning-rate"],
  },
  {
    name: "underfitting: both losses high and still falling",
    context: context(node({ trainLoss: 2.3, validationLoss: 2.35, score: 0.42, verdict: "within-noise" })),
    sensible: ["train-longer", "learning-rate", "rank", "targets-all", "continue-parent", "batch-size"],
  },
  {
    name: "contradicting rows in the data",
    context: context(node({}), { conflicts: 310 }),
    sensible: ["drop-conflicts", "deduplicate"],
  },
  {
    name: "many repeated rows in the data",
    context: context(node({}), { duplicates: 900 }),
    sensible: ["deduplicate", "drop-conflicts"],
  },
  {
    name: "diverged: the learning rate was too high",
    context: context(node({ status: "failed", verdict: "implementation-wrong", score: null, trainLoss: 9.1, validationLoss: null, recipe: { ...recipe, training: recipe.training === null ? null : { ...recipe.training, learningRate: 8e-3 } } })),
    sensible: ["learning-rate", "schedule", "batch-size"],
  },
  {
    name: "a menu of two",
    context: context(node({}), { menu: ["instruction", "few-shot"] }),
    sensible: ["instruction", "few-shot"],
  },
];
