import { fail, ok, type JournalRecord, type Result } from "../contract/index.js";
import type { FileHandle } from "./file-system.js";
import { decodeRecord } from "./journal-record.js";
import { readLines } from "./lines.js";

/** Far above any record; a longer line is damage. */
const maximumLineBytes = 256 * 2 ** 20;

export interface JournalScan {
  readonly records: JournalRecord[];
  /** First byte after the last good record, its line break included when it has one. */
  readonly goodEnd: number;
  readonly fileEnd: number;
  /** The last good record lacks its line break. */
  readonly lastLineOpen: boolean;
}

/**
 * Reads every line and checks it. Damage counts as the end's only when no good record follows: a crash can tear the end,
 * but nothing this program does harms the middle, so that is reported and never mended silently.
 */
export async function scanJournal(file: FileHandle): Promise<Result<JournalScan>> {
  const records: JournalRecord[] = [];
  let goodEnd = 0;
  let fileEnd = 0;
  let lastLineOpen = false;
  let damaged = false;
  const refuse = (code: string, what: string, hint: string): Result<never> =>
    fail("DATA", code, `The journal of this run ${what}; the ${records.length} records before that are good. The file was left as it is.`, hint);
  const restore = "Copy the run's folder, then restore the journal from a backup, or start the run again.";

  const damagedMiddle = (): Parameters<typeof refuse> => ["journal.damaged", `is damaged after record ${records.length} and has good records behind the damage`, restore];

  for await (const line of readLines(file, maximumLineBytes)) {
    fileEnd = line.offset + line.length + (line.terminated ? 1 : 0);
    const decoded = line.tooLong ? ({ kind: "damaged" } as const) : decodeRecord(line.bytes);
    if (decoded.kind === "damaged") {
      // A damaged line break glues a good record to what stands before it: that is damage in the middle too.
      if (holdsRecord(line.bytes)) return refuse(...damagedMiddle());
      damaged = true;
      continue;
    }
    if (damaged) return refuse(...damagedMiddle());
    if (decoded.kind === "foreign") {
      return refuse("journal.newer", `was written by another version of TREX Desktop: in record ${records.length + 1} ${decoded.why}`, "Open it with the version that wrote it, or update TREX Desktop.");
    }
    if (decoded.record.sequence !== records.length + 1) {
      return refuse("journal.gap", `jumps from record ${records.length} to record ${decoded.record.sequence}`, restore);
    }
    records.push(decoded.record);
    goodEnd = fileEnd;
    lastLineOpen = !line.terminated;
  }
  return ok({ records, goodEnd, fileEnd, lastLineOpen });
}

const recordStart = Buffer.from('{"sequence":');

function holdsRecord(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(recordStart, 1); at > 0; at = bytes.indexOf(recordStart, at + 1)) {
    if (decodeRecord(bytes.subarray(at)).kind !== "damaged") return true;
  }
  return false;
}
