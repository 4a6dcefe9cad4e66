import type { Planner, ThinkingRecord } from "../../contract/index.js";

/** Fewer answers than this say nothing about a model. */
const fewestAsked = 5;
const fewestByHouse = 3;
/** Improvements count in noises, and a lucky jump counts like a good one. */
const mostNoises = 5;
/** Each side starts with so many average experiments, so that one result decides nothing. */
const priorNodes = 2;
/** The model must earn at least this share of what the house planner earns in the same time. */
const leastRatio = 0.8;
/** Thinking that takes less than this share of the time may stay, whatever it earns. */
const cheapShare = 0.03;
/** So many answers without any improvement are enough where thinking is not cheap. */
const patience = 8;
const mostUnusable = 0.6;

type Verdict = ReturnType<Planner["worth"]>;

/**
 * Does the language model earn what its thinking costs? Compared is improvement of the best score, in noises per minute, of its
 * experiments (thinking included) and of the house planner's. Pure.
 */
export function worthOfThinking(history: readonly ThinkingRecord[], budget: { readonly remainingMs: number }): Verdict {
  const decided = history.filter((record) => record.decidedBy === "language-model" || record.decidedBy === "house-planner");
  const asked = decided.filter((record) => record.decidedBy === "language-model" || record.thinkingMs > 0);
  if (asked.length < fewestAsked) return stay(`The language model was asked ${asked.length} times; that is too few to judge.`);
  const byModel = asked.filter((record) => record.decidedBy === "language-model");
  const unusable = 1 - byModel.length / asked.length;
  if (unusable > mostUnusable) return retire(`${Math.round(100 * unusable)} % of the language model's answers could not be used.`);

  const thinkingMs = sum(asked, (record) => record.thinkingMs);
  const share = thinkingMs / Math.max(1, sum(decided, (record) => record.thinkingMs + record.nodeMs));
  if (share < cheapShare) return stay(`Thinking takes ${percent(share)} of the time.`);
  const perAnswer = thinkingMs / asked.length;
  if (perAnswer > budget.remainingMs / 2) return retire(`One more answer would take ${minutes(perAnswer)} of the ${minutes(budget.remainingMs)} that are left.`);
  const earned = sum(byModel, gainOf);
  if (byModel.length >= patience && earned === 0) return retire(`${byModel.length} experiments of the language model improved nothing, and thinking takes ${percent(share)} of the time.`);

  const byHouse = decided.filter((record) => record.decidedBy === "house-planner");
  if (byHouse.length < fewestByHouse) return stay("There is nothing to compare the language model with yet.");
  const average = { gain: sum(decided, gainOf) / decided.length, ms: sum(byHouse, (record) => record.nodeMs) / byHouse.length };
  // What an unusable answer cost is the model's cost, whoever decided in the end.
  const wasted = sum(asked, (record) => (record.decidedBy === "language-model" ? 0 : record.thinkingMs));
  const rate = (records: readonly ThinkingRecord[], extraMs: number): number => (sum(records, gainOf) + priorNodes * average.gain) / Math.max(1, sum(records, (record) => record.nodeMs) + extraMs + priorNodes * average.ms);
  const [model, house] = [rate(byModel, sum(byModel, (record) => record.thinkingMs) + wasted), rate(byHouse, 0)].map((perMs) => perMs * 60_000);
  if (model === undefined || house === undefined || model >= leastRatio * house) return stay(`Thinking takes ${percent(share)} of the time and earns its cost so far.`);
  return retire(`With the language model the best score rises by ${model.toFixed(3)} noises a minute, by rule by ${house.toFixed(3)}; thinking takes ${percent(share)} of the time.`);
}

const stay = (reason: string): Verdict => ({ retire: false, reason });
const retire = (reason: string): Verdict => ({ retire: true, reason });
const gainOf = (record: ThinkingRecord): number => Math.min(mostNoises, Math.max(0, record.improvement / Math.max(record.noise, 1e-9)));
const percent = (share: number): string => `${Math.round(100 * share)} %`;
const minutes = (milliseconds: number): string => `${(milliseconds / 60_000).toFixed(1)} minutes`;
function sum(records: readonly ThinkingRecord[], of: (record: ThinkingRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
