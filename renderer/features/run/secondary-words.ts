import type { Prediction } from "../../contract.js";
import { formatGain, formatNumber, formatScore, type ScoreUnit } from "../../ui/format.js";

/** `exactMatch` and `exact-match` both read "Exact match". */
export function secondaryLabel(name: string): string {
  const words = name.replaceAll(/[-_]/g, " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const isRate = (name: string): boolean => !/loss|perplexity|seconds|tokens/i.test(name);
export const secondaryValue = (name: string, value: number): string => (value >= 0 && value <= 1 && isRate(name) ? formatScore(value, "rate") : formatNumber(value));

/** A hypothesis as a bet that can be lost: which figure, which way, how far. */
export function predictionWords({ figure, change, by }: Prediction, unit: ScoreUnit): string {
  const shownUnit: ScoreUnit = figure === "score" ? unit : isRate(figure) ? "rate" : "number";
  const far = formatGain(by, shownUnit).replace(/^\+/, "");
  const label = secondaryLabel(figure);
  if (change === "same") return `${label} stays within ${far} of its parent’s`;
  return by > 0 ? `${label} goes ${change} by at least ${far} against its parent` : `${label} goes ${change} against its parent`;
}
