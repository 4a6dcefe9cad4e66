import { err, FailureError, ok, type Example, type Result } from "../contract/index.js";
import { countOverlap } from "./count-overlap.js";
import { importRows } from "./import-rows.js";
import { openDataset } from "./read/open-dataset.js";

/** More rows than this say no more about an overlap. */
const mostRows = 50_000;

/** `countOverlap` for a data file: how many of its rows repeat a run's held-out rows. Errors: those of `openDataset` and `countOverlap`. */
export async function countOverlapOfFile(request: { readonly runDirectory: string; readonly path: string }, signal: AbortSignal): Promise<Result<{ readonly rows: number; readonly overlapping: number }>> {
  const dataset = await openDataset(request.path, signal);
  if (!dataset.ok) return dataset;
  const rows: Pick<Example, "messages">[] = [];
  try {
    await importRows(dataset.value, async ({ messages }) => { if (rows.length < mostRows) rows.push({ messages }); }, signal);
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
  const counted = await countOverlap({ runDirectory: request.runDirectory, rows }, signal);
  return counted.ok ? ok(counted.value) : counted;
}
