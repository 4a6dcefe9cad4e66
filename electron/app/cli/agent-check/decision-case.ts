import { moveIds, moves, type MoveId, type MoveOutlook, type NodeSummary, type PlannerContext, type Recipe, type Training } from "../../../contract/index.js";

/** A situation an experienced engineer has no doubt about: what would be sensible there, and what clearly wrong. The rest is neither. */
export interface DecisionCase {
  readonly name: string;
  readonly group: string;
  readonly context: PlannerContext;
  readonly sensible: readonly MoveId[];
  readonly wrong: readonly MoveId[];
}

export const training: Training = {
  learningRate: 3e-4, rank: 16, alpha: 32, targets: "all", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 2048, maxSequenceTokens: 512, ranks: {}, warmStartFrom: null,
};
export const plain: Recipe = { data: [], prompt: { system: null, fewShot: 0, shotSelection: "fixed" }, training: null, seed: 1 };
export const trained = (changes: Partial<Training> = {}, more: Partial<Recipe> = {}): Recipe => ({ ...plain, training: { ...training, ...changes }, ...more });

/** The first trained node: a real gain over the base, nothing odd. */
export function node(changes: Partial<NodeSummary> = {}): NodeSummary {
  return {
    id: "n005", title: "Default QLoRA recipe", move: null, axis: "optimization", status: "done", verdict: "gain", score: 0.62, trainLoss: 0.62, validationLoss: 0.66, secondary: {}, recipe: trained(), insight: null, ...changes,
  };
}

/** The bare base model: the root of every tree. */
export const base = node({ id: "n001", title: "Base model as it is", axis: "baseline", verdict: "baseline", score: 0.31, trainLoss: null, validationLoss: null, recipe: plain });

export interface Setting extends Partial<Omit<PlannerContext, "outlook" | "parent">> {
  readonly parent?: NodeSummary;
  /** What the host expects of single moves; of the others it knows nothing. */
  readonly expects?: Partial<Record<MoveId, Partial<MoveOutlook>>>;
}

const nodeMs = 120_000;
const relativeCost: Partial<Record<MoveId, number>> = { "train-longer": 1.8, "train-shorter": 0.7, "halve-data": 0.6, "continue-parent": 1.1, "similar-shots": 1.4, "coverage-shots": 1.3, "few-shot": 1.3 };

export function decisionCase(group: string, name: string, setting: Setting, sensible: readonly MoveId[], wrong: readonly MoveId[]): DecisionCase {
  const { parent = node(), expects = {}, ...changes } = setting;
  const menu = setting.menu ?? menuFrom(parent, setting);
  const context: PlannerContext = {
    goal: "Turn a support request into a strict JSON ticket.", metric: "json-fields", architecture: "qwen2", trainRows: 2_400, answersAreJson: true, conflicts: 0, duplicates: 0,
    parent, path: parent.id === base.id ? [base] : [base, parent], siblings: [], keyNodes: [], baselineScore: 0.41, bestScore: Math.max(parent.score ?? 0.41, 0.41), noiseFloor: 0.025, insights: [],
    axisCounts: { optimization: 1 }, budget: { remainingMs: 1_800_000, nodeMs, nodesLeft: 12 },
    skill: "extraction", target: null, mustNotGetWorse: ["general"], constraints: { mostPromptTokens: null, mostRank: null, forbiddenMoves: [], deliver: "anything" },
    cards: [], hints: [], parentFailures: [], memoryTable: [], rungCorrelation: null, ...changes, menu,
    outlook: menu.map((move) => ({ move, expectedGain: 0, standardDeviation: 0.04, tries: 0, feasible: 0.95, costMs: nodeMs * (relativeCost[move] ?? 1), ...expects[move] })),
  };
  return { name, group, context, sensible: sensible.filter((move) => menu.includes(move)), wrong: wrong.filter((move) => menu.includes(move)) };
}

/** What a host would offer: moves that change this recipe and have something to work on. */
function menuFrom({ recipe }: NodeSummary, { conflicts = 0, duplicates = 0, constraints }: Setting): readonly MoveId[] {
  const { training: has, data, prompt } = recipe;
  const did = new Set<string>(data.map((operator) => operator.operator));
  return moveIds.filter((move) => {
    if (constraints?.forbiddenMoves.includes(move) === true) return false;
    if (constraints?.deliver === "prompt" && moves[move].axis !== "prompt") return false;
    switch (move) {
      case "deduplicate": return duplicates > 0 && !did.has("deduplicate");
      case "drop-conflicts": return conflicts > 0 && !did.has("drop-conflicts");
      case "drop-long": case "balance-answers": return !did.has(move);
      case "targets-all": return has !== null && has.targets !== "all";
      case "targets-attention": return has?.targets !== "attention";
      case "targets-mlp": return has?.targets !== "mlp";
      case "train-longer": return has !== null && has.epochs < 6.4;
      case "train-shorter": return has !== null && has.epochs > 0.3;
      case "continue-parent": case "reallocate-rank": return has !== null;
      case "instruction": return prompt.system === null;
      case "few-shot": return prompt.fewShot === 0;
      case "train-prompted": return constraints?.deliver !== "prompt";
      default: return true;
    }
  });
}
