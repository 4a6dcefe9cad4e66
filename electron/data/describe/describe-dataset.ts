import { err, FailureError, ok, type Example, type Message, type Result, type Skill, type SplitSizes } from "../../contract/index.js";
import { answerOf } from "../identity.js";
import { importRows } from "../import-rows.js";
import { poolRows } from "../prompt/shot-pool.js";
import { openDataset } from "../read/open-dataset.js";
import { planSplits } from "../splits.js";
import { formatRulesOf } from "./format-rules.js";
import { inferSkill } from "./infer-skill.js";
import { preview, previewRows, type DatasetInspection } from "./inspect-dataset.js";
import { recommendMetric } from "./recommend-metric.js";

export interface DatasetDescription extends DatasetInspection {
  /** Rows each split would get; null when there are too few to split, and a warning says so. */
  readonly splitSizes: SplitSizes | null;
  readonly skill: Skill;
  readonly skillReason: string;
  readonly formatRules: string | null;
  /** First rows of the training split alone: all that an agent may be shown. */
  readonly trainPreview: readonly (readonly Message[])[];
  readonly warnings: readonly string[];
}

/** Characters of rows held for a closer look. */
const mostCharacters = 32 * 2 ** 20;

/**
 * What a requirement is drafted from. Reads the whole file once and writes nothing. Skill and format come from rows that the
 * same sizes and seed will put into the training split; `prepare` removes those that give held-out rows away besides.
 * Errors: those of `openDataset`; CANCELLED. Too few rows are a warning, not an error.
 */
export async function describeDataset(path: string, sizes: { readonly devSearch: number; readonly devSelect: number; readonly vault: number }, signal: AbortSignal, seed = 1): Promise<Result<DatasetDescription>> {
  const opened = await openDataset(path, signal);
  if (!opened.ok) return opened;
  const held: Example[] = [];
  let characters = 0;
  try {
    const { report, rows } = await importRows(opened.value, async (example) => {
      if (held.length >= 2 * poolRows || characters >= mostCharacters) return;
      held.push(example);
      characters += example.messages.reduce((sum, { content }) => sum + content.length, 0);
    }, signal);
    const plan = await planSplits(rows, seed, sizes);
    const train = plan.ok ? held.filter((_, index) => plan.value.places[index] === "train").slice(0, poolRows) : held;
    const { metric, reason } = recommendMetric(report, new Set(rows.map((row) => row.answer)).size);
    const { skill, reason: skillReason } = inferSkill(train);
    return ok({
      report, preview: held.slice(0, previewRows).map(preview), recommendedMetric: metric, metricReason: reason,
      splitSizes: plan.ok ? plan.value.sizes : null, skill, skillReason, formatRules: formatRulesOf(train.map(answerOf)),
      trainPreview: plan.ok ? train.slice(0, previewRows).map(preview) : [],
      warnings: plan.ok ? plan.value.warnings : [plan.error.message],
    });
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
}
