import type { Cost, Estimate, MetricName } from "../../contract/index.js";

/** How the numbers of one metric read. Rates are shown in percent, log-likelihoods as they are. */
export interface Format {
  score(value: number): string;
  gain(value: number): string;
  interval(ci: readonly [number, number]): string;
  gainInterval(ci: readonly [number, number]): string;
  readonly metric: string;
  readonly isRate: boolean;
}

const metricTexts: Readonly<Record<MetricName, string>> = {
  "exact-match": "exact match: share of answers that equal the expected one",
  "json-fields": "JSON fields: share of answers in which every field is right",
  "multiple-choice": "multiple choice: share of questions where the right option is the likeliest",
  perplexity: "mean log-likelihood per token, higher is better",
};

export function formatOf(metric: MetricName | null): Format {
  const isRate = metric !== "perplexity";
  const score = (value: number): string => (isRate ? `${(value * 100).toFixed(1)} %` : value.toFixed(3));
  const gain = (value: number): string => `${value < 0 ? "−" : "+"}${isRate ? (Math.abs(value) * 100).toFixed(1) : Math.abs(value).toFixed(3)}`;
  return {
    score, gain, isRate,
    interval: ([low, high]) => (isRate ? `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %` : `${low.toFixed(3)} to ${high.toFixed(3)}`),
    gainInterval: ([low, high]) => `${gain(low)} to ${gain(high)}`,
    metric: metric === null ? "not decided yet" : metricTexts[metric],
  };
}

export function pValueText(p: number): string {
  if (p < 0.0001) return "p < 0.0001";
  return `p = ${p < 0.01 ? p.toFixed(4) : p.toFixed(3)}`;
}

/** "4 min 12 s". */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Kilowatt-hours, with as many digits as small runs need; null where nothing measured it. */
export function energyText(cost: Cost): string | null {
  if (cost.energyJoules === null) return null;
  const kilowattHours = cost.energyJoules / 3.6e6;
  return `${kilowattHours.toFixed(kilowattHours < 0.01 ? 5 : 3)} kWh`;
}

/** The tariff has no currency of its own, so neither has the price. */
export function moneyText(cost: Cost, tariff: number | null): string | null {
  if (cost.energyJoules === null || tariff === null) return null;
  const price = (cost.energyJoules / 3.6e6) * tariff;
  return price.toFixed(price < 0.1 ? 4 : 2);
}

export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** 2e-4 reads better than 0.0002, and 16 better than 1.6e+1. */
export function numberText(value: number): string {
  if (value === 0 || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 0.001 ? value.toExponential(1).replace("e-", "e−") : String(Number(value.toPrecision(3)));
}

export function estimateText(estimate: Estimate, format: Format): string {
  return `${format.score(estimate.score)} (${format.interval(estimate.ci)})`;
}
