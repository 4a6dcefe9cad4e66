import { describe, expect, it } from "vitest";
import type { ImportReport } from "../../contract/index.js";
import { recommendMetric } from "./recommend-metric.js";

const report = (changes: Partial<ImportReport>): ImportReport => ({ path: "d", format: "openai-chat", rows: 100, accepted: 100, rejected: [], duplicates: 0, conflicts: 0, encoding: "utf-8", sha256: "", answerCharacters: { median: 10, longest: 40 }, answersAreJson: false, answersAreChoices: false, columns: [], ...changes });

describe("recommendMetric", () => {
  it.each([
    ["multiple-choice", report({ answersAreChoices: true }), 4],
    ["json-fields", report({ answersAreJson: true, answerCharacters: { median: 500, longest: 900 } }), 100],
    ["exact-match", report({}), 100],
    ["exact-match", report({ answerCharacters: { median: 80, longest: 120 } }), 10],
    ["perplexity", report({ answerCharacters: { median: 80, longest: 120 } }), 100],
    ["perplexity", report({ answerCharacters: { median: 20, longest: 5000 } }), 100],
  ] as const)("%s", (metric, given, distinct) => {
    const made = recommendMetric(given, distinct);
    expect(made.metric).toBe(metric);
    expect(made.reason).toMatch(/^[A-Z].*\.$/);
  });
});
