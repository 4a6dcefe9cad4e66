import type { ImportReport, MetricName } from "../../contract/index.js";

/** The metric that fits what the answers look like, and the reason as a sentence for the screen. */
export function recommendMetric(report: ImportReport, distinctAnswers: number): { metric: MetricName; reason: string } {
  if (report.answersAreChoices) return { metric: "multiple-choice", reason: "Every row has choices, so the choice the model finds likeliest is compared with the right one." };
  if (report.answersAreJson) return { metric: "json-fields", reason: "The answers are JSON, so a right answer is one whose fields are all right." };
  const repeated = report.accepted > 0 && distinctAnswers <= report.accepted / 2;
  if (report.answerCharacters.longest <= 400 && (report.answerCharacters.median <= 32 || (repeated && report.answerCharacters.median <= 120))) {
    return { metric: "exact-match", reason: `The answers are short (half of them have at most ${Math.round(report.answerCharacters.median)} characters), so they can be compared word for word.` };
  }
  return { metric: "perplexity", reason: "The answers are longer free text that can be right in many wordings, so the likelihood of the given answers is measured." };
}
