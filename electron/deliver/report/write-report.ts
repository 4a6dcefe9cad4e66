import type { JournalRecord, Result, RunView } from "../../contract/index.js";
import { writeFileAtomic } from "../../store/index.js";
import { renderReport } from "./report.js";

/** Writes the report of a run, whole or not at all. ENV when the disk does not take it. */
export function writeReport(view: RunView, path: string, records: readonly JournalRecord[] = []): Promise<Result<void>> {
  return writeFileAtomic(path, renderReport(view, records));
}
