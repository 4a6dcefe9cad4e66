import type { Axis, Decider, NodeKind, Prompt, Stage } from "../../contract.js";

/** The contract's terms in plain words. One table each, so that a term reads the same everywhere. */
export const axisWords: Readonly<Record<Axis, { label: string; hint: string }>> = {
  baseline: { label: "Baseline", hint: "The base model as it is, asked in different ways" },
  prompt: { label: "Prompt", hint: "How the question is put to the model" },
  data: { label: "Data", hint: "Which training rows are used" },
  optimization: { label: "Optimisation", hint: "How large the learning steps are, and how many rows each one sees" },
  capacity: { label: "Capacity", hint: "How much of the model may change: the adapter's size and place" },
  duration: { label: "Duration", hint: "How often the training data is gone through" },
  regularization: { label: "Regularisation", hint: "Brakes that keep the model from learning rows by heart" },
  "warm-start": { label: "Warm start", hint: "Training goes on from an earlier experiment's adapter" },
  seed: { label: "Seed", hint: "The same recipe with other random numbers, to see how much is luck" },
};

export const deciderWords: Readonly<Record<Decider, { label: string; short: string; hint: string }>> = {
  host: { label: "Host", short: "Host", hint: "Fixed by the app: baselines, the first recipe and repeats of the finalists" },
  "house-planner": { label: "House planner", short: "House", hint: "Chosen by the built-in rules" },
  "language-model": { label: "Language model", short: "Model", hint: "Chosen by the local language model from the same menu as the built-in rules" },
  user: { label: "You", short: "You", hint: "Asked for by you: a branch from another experiment" },
};

export const kindWords: Readonly<Record<NodeKind, string>> = {
  baseline: "Baseline", draft: "First recipe", improve: "Improvement", repair: "Repair", "seed-repeat": "Repeat with another seed",
};

export const shotWords: Readonly<Record<Prompt["shotSelection"], string>> = {
  fixed: "the same for every question", similar: "those most like the question", coverage: "a set that covers the kinds of answers",
};

export const stageWords: Readonly<Record<Stage, string>> = {
  plan: "Planning",
  fits: "Checking memory",
  "dry-run": "Dry run",
  "micro-steps": "First steps",
  pilot: "Short trial",
  full: "Full training",
  export: "Exporting",
  evaluate: "Scoring",
  diagnose: "Diagnosing",
};
export const stageWord = (stage: string | null): string => (stage !== null && stage in stageWords ? stageWords[stage as Stage] : "Starting");
