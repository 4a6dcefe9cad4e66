import { err, FailureError, ok, type Example, type ImportReport, type Message, type MetricName, type Result } from "../../contract/index.js";
import { importRows } from "../import-rows.js";
import { openDataset } from "../read/open-dataset.js";
import { recommendMetric } from "./recommend-metric.js";

export interface DatasetInspection {
  readonly report: ImportReport;
  /** The first rows as conversations, texts cut to a screen's size. */
  readonly preview: readonly (readonly Message[])[];
  readonly recommendedMetric: MetricName;
  readonly metricReason: string;
}

export const previewRows = 5;
const previewCharacters = 600;

export const preview = (example: Example): Message[] => example.messages.map(({ role, content }) => ({ role, content: content.length > previewCharacters ? `${content.slice(0, previewCharacters)}…` : content }));

/** Reads the whole file and says what is in it; writes nothing. Errors: those of `openDataset`. */
export async function inspectDataset(path: string, signal: AbortSignal): Promise<Result<DatasetInspection>> {
  const opened = await openDataset(path, signal);
  if (!opened.ok) return opened;
  const first: Message[][] = [];
  try {
    const { report, rows } = await importRows(opened.value, async (example) => {
      if (first.length < previewRows) first.push(preview(example));
    }, signal);
    const { metric, reason } = recommendMetric(report, new Set(rows.map((row) => row.answer)).size);
    return ok({ report, preview: first, recommendedMetric: metric, metricReason: reason });
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
}
