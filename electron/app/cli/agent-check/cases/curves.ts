import { base, decisionCase as at, node, trained, type DecisionCase } from "../decision-case.js";

const falling = "loss was still falling at the end";
const flat = "loss had levelled off";
const heart = "validation loss rose while training loss fell";
const wild = "loss was unstable";
const said = (line: string): string => `Default recipe: +0.210 to its parent, a real step up; ${line}.`;
const tuned = { axisCounts: { optimization: 2 }, expects: { "learning-rate": { tries: 1 }, "tune": { tries: 1 } } } as const;

/** What loss curves say: by heart, not yet learned, levelled off, unstable, diverged. */
export const curveCases: readonly DecisionCase[] = [
  at("overfitting", "training loss far below validation loss after six epochs", { ...tuned, parent: node({ trainLoss: 0.08, validationLoss: 1.4, recipe: trained({ epochs: 6 }) }) }, ["train-shorter", "dropout", "weight-decay", "tune"], ["train-longer", "continue-parent", "rank"]),
  at("overfitting", "validation loss rose while training loss fell", { ...tuned, parent: node({ insight: said(heart), trainLoss: 0.3, validationLoss: 0.72 }) }, ["train-shorter", "dropout", "weight-decay", "tune"], ["train-longer", "continue-parent"]),
  at("overfitting", "by heart, and a third of the rows are repeats", { ...tuned, parent: node({ insight: said(heart), trainLoss: 0.2, validationLoss: 0.8 }), duplicates: 800 }, ["deduplicate", "train-shorter", "dropout"], ["train-longer", "continue-parent"]),
  at("overfitting", "by heart with 90 rows", { ...tuned, parent: node({ insight: said(heart), trainLoss: 0.05, validationLoss: 1.1, score: 0.45, verdict: "within-noise" }), trainRows: 90 }, ["train-shorter", "dropout", "weight-decay", "tune", "similar-shots", "coverage-shots", "few-shot", "instruction"], ["train-longer", "continue-parent", "halve-data", "rank"]),
  at("overfitting", "by heart, dropout tried twice in vain", { ...tuned, parent: node({ insight: said(heart), trainLoss: 0.2, validationLoss: 0.8 }), siblings: [node({ id: "n006", move: "dropout", axis: "regularization", verdict: "within-noise" }), node({ id: "n007", move: "dropout", axis: "regularization", verdict: "worse", score: 0.55 })], axisCounts: { optimization: 2, regularization: 2 } }, ["train-shorter", "tune"], ["dropout", "train-longer", "continue-parent"]),
  at("overfitting", "the host says so, the figures are mild", { ...tuned, parent: node({ conditions: ["overfitting"], trainLoss: 0.5, validationLoss: 0.6 }) }, ["train-shorter", "dropout", "weight-decay", "tune"], ["train-longer", "continue-parent"]),
  at("underfitting", "both losses high and still falling", { ...tuned, parent: node({ trainLoss: 2.3, validationLoss: 2.35, score: 0.42, verdict: "within-noise", insight: said(falling) }) }, ["train-longer", "learning-rate", "tune", "continue-parent", "rank"], ["train-shorter", "dropout", "weight-decay", "halve-data"]),
  at("underfitting", "both losses high, and no rate was tried yet", { parent: node({ trainLoss: 2.1, validationLoss: 2.2, score: 0.42, verdict: "within-noise" }) }, ["learning-rate", "tune", "train-longer"], ["train-shorter", "dropout", "weight-decay", "halve-data"]),
  at("underfitting", "a rate of 1e-5 moved nothing", { parent: node({ trainLoss: 1.9, validationLoss: 1.95, score: 0.4, verdict: "within-noise", recipe: trained({ learningRate: 1e-5 }) }) }, ["learning-rate", "tune"], ["train-shorter", "dropout", "weight-decay", "halve-data"]),
  at("underfitting", "a rank of two, losses high and level", { ...tuned, parent: node({ trainLoss: 1.8, validationLoss: 1.85, score: 0.43, verdict: "within-noise", insight: said(flat), recipe: trained({ rank: 2, alpha: 4 }) }) }, ["rank", "learning-rate", "tune", "train-longer"], ["train-shorter", "dropout", "weight-decay"]),
  at("falling", "a clear gain whose loss was still falling", { ...tuned, parent: node({ insight: said(falling) }) }, ["train-longer", "continue-parent", "tune", "learning-rate"], ["train-shorter", "dropout", "halve-data"]),
  at("falling", "half an epoch, still falling", { ...tuned, parent: node({ insight: said(falling), recipe: trained({ epochs: 0.5 }) }) }, ["train-longer", "continue-parent", "tune"], ["train-shorter", "dropout", "halve-data"]),
  at("falling", "the host says so", { ...tuned, parent: node({ conditions: ["loss-falling"] }) }, ["train-longer", "continue-parent", "tune", "learning-rate"], ["train-shorter", "dropout", "halve-data"]),
  at("flat", "levelled off with attention only", { ...tuned, parent: node({ insight: said(flat), recipe: trained({ targets: "attention" }) }) }, ["targets-all", "rank", "tune", "learning-rate"], ["train-shorter", "halve-data", "weight-decay"]),
  at("flat", "levelled off with all layers after three epochs", { ...tuned, parent: node({ insight: said(flat), recipe: trained({ epochs: 3 }) }) }, ["tune", "learning-rate", "rank", "coverage-shots", "similar-shots", "balance-answers", "format-rules", "reallocate-rank"], ["train-shorter", "halve-data", "targets-attention"]),
  at("unstable", "the loss jumped at a rate of 4e-3", { ...tuned, parent: node({ insight: said(wild), trainLoss: 1.6, score: 0.44, verdict: "within-noise", recipe: trained({ learningRate: 4e-3 }) }) }, ["learning-rate", "tune", "batch-size", "schedule"], ["train-longer", "continue-parent", "rank"]),
  at("unstable", "the host says so, on tiny batches", { ...tuned, parent: node({ conditions: ["unstable"], recipe: trained({ tokensPerStep: 512 }) }) }, ["learning-rate", "batch-size", "tune", "schedule"], ["train-longer", "continue-parent"]),
  at("unstable", "diverged and failed at a rate of 8e-3", { ...tuned, parent: node({ status: "failed", verdict: "implementation-wrong", score: null, trainLoss: 9.1, validationLoss: null, recipe: trained({ learningRate: 8e-3 }) }) }, ["learning-rate", "tune", "schedule", "batch-size"], ["train-longer", "continue-parent", "rank"]),
  at("first-steps", "the first trained node, nothing odd, no number tried", {}, ["learning-rate", "tune"], ["targets-attention", "halve-data", "train-shorter"]),
  at("first-steps", "from the bare base with everything open", { parent: base, bestScore: 0.41, axisCounts: {} }, ["learning-rate", "tune", "instruction", "format-rules", "few-shot", "train-prompted", "similar-shots", "coverage-shots"], ["halve-data", "targets-attention"]),
];
