import type { Example, FailureCluster, MetricName } from "../contract/index.js";
import { answerOf, quotable } from "../data/index.js";
import type { ScoredItem } from "./item-log.js";
import { comparableText, fieldsThatDiffer } from "./metrics.js";

const mostClusters = 10;
const mostFields = 5;
/** A field of fewer of the items than this is an accident, or somebody's way to put words in here. */
const leastFieldShare = 0.05;
/** A cluster of one item in a hundred says nothing. */
const leastShare = 0.01;

/**
 * What kept failing, most frequent first: the share of all items in each cluster. An item may be in several (two wrong
 * fields). Labels are fixed texts; the only thing taken from the data is the name of a field that many right answers have,
 * and that only if it is harmless to show (`quotable`).
 */
export function failureProfile(metric: MetricName, items: readonly Example[], scored: readonly ScoredItem[]): readonly FailureCluster[] {
  // A likelihood is never wrong, only low.
  if (metric === "perplexity" || scored.length === 0) return [];
  const answers = new Set(items.map((item) => comparableText(answerOf(item))));
  const counts = new Map<string, number>();
  const fields = new Map<string, number>();
  for (const [at, result] of scored.entries()) {
    const item = items[at];
    if (item === undefined || result.score >= 1) continue;
    const { labels, wrongFields } = causesOf(metric, answerOf(item), result, answers);
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const field of wrongFields) fields.set(field, (fields.get(field) ?? 0) + 1);
  }
  const common = commonFields(items);
  const named = [...fields].filter(([field]) => common.has(field)).sort(([left, few], [right, many]) => many - few || (left < right ? -1 : 1)).slice(0, mostFields);
  for (const [field, count] of named) counts.set(`wrong field: ${field}`, count);
  return [...counts].map(([label, count]) => ({ label, share: count / scored.length })).filter(({ share }) => share >= leastShare)
    .sort((left, right) => right.share - left.share || (left.label < right.label ? -1 : 1)).slice(0, mostClusters);
}

interface Causes {
  readonly labels: readonly string[];
  readonly wrongFields: readonly string[];
}

function causesOf(metric: MetricName, expected: string, { answer, figures }: ScoredItem, answers: ReadonlySet<string>): Causes {
  const cause = (...labels: readonly string[]): Causes => ({ labels, wrongFields: [] });
  if (metric === "multiple-choice") return cause(figures.accNorm === 1 ? "wrong choice, right for its length" : "wrong choice");
  if (answer.trim() === "") return cause("empty");
  if (figures.endedByItself === 0) return cause("loops or too long");
  if (metric === "json-fields") {
    const difference = fieldsThatDiffer(expected, answer);
    if (difference === "answer-not-json") return cause(holdsJson(answer) ? "text around the JSON" : "not JSON");
    if (difference !== "expected-not-json") return { labels: difference.tooMany ? ["fields too many"] : difference.fields.length === 0 ? ["another kind of JSON"] : [], wrongFields: difference.fields };
  }
  const [wanted, given] = [comparableText(expected), comparableText(answer)];
  if (wanted === given) return cause("right but for case, signs or spaces");
  if (answers.has(given)) return cause("another row's answer");
  if (wanted !== "" && given.includes(wanted)) return cause("right answer with more around it");
  return cause("wrong answer");
}

/** A JSON object or list from the first opening to the last closing bracket, with words before or after it. */
function holdsJson(text: string): boolean {
  const starts = [text.indexOf("{"), text.indexOf("[")].filter((at) => at >= 0);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  if (starts.length === 0 || end < 0) return false;
  try {
    JSON.parse(text.slice(Math.min(...starts), end + 1));
    return true;
  } catch {
    return false;
  }
}

/** Top-level fields that many of the right answers have, and whose names may be shown. */
function commonFields(items: readonly Example[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const item of items) {
    try {
      const value: unknown = JSON.parse(answerOf(item));
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const key of Object.keys(value).slice(0, 100)) counts.set(key, (counts.get(key) ?? 0) + 1);
    } catch {
      // Not every answer has to be JSON.
    }
  }
  return new Set([...counts].filter(([key, count]) => count >= items.length * leastFieldShare && quotable(key) !== null).map(([key]) => key));
}
