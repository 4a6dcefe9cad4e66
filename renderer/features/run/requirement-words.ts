import type { MetricName } from "../../contract.js";

export const metricWords: Readonly<Record<MetricName, string>> = {
  "exact-match": "Exact match",
  "json-fields": "JSON field accuracy",
  "multiple-choice": "Multiple choice",
  perplexity: "Perplexity",
};

const splits: Readonly<Record<string, string>> = { train: "training", "dev-search": "search", "dev-select": "selection", vault: "sealed test" };
export const splitWords = (name: string): string => splits[name] ?? name;

/** The last part of a path, whichever way its slashes lean. */
export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
