import path from "node:path";
import { err, fail, ok, type Failure, type JournalEvent, type JournalRecord, type Result } from "../contract/index.js";
import { codeOf, nodeFileSystem, writeFully, type FileHandle, type FileSystem } from "./file-system.js";
import { failureOfIo, tryIo } from "./io-failure.js";
import { encodeRecord, normaliseEvent } from "./journal-record.js";
import { scanJournal } from "./journal-scan.js";
import { acquireLock, type FolderLock } from "./lock.js";
import { readFully } from "./read-json.js";

/** What opening had to cut off the end of the file, and where those bytes were kept. */
export interface JournalRepair {
  readonly bytes: number;
  readonly keptAs: string;
}

export interface Journal {
  readonly path: string;
  /** null: the file was whole. Otherwise tell the user. */
  readonly repair: JournalRepair | null;
  /** Everything acknowledged so far, oldest first. */
  records(): readonly JournalRecord[];
  /**
   * Adds a record; calls are served one after another. With `durable` it, and all before it, survive a power cut once
   * this settles. On failure the journal is as before; after a failed flush it takes no more records until opened again.
   */
  append(event: JournalEvent, options: { readonly durable: boolean }): Promise<Result<JournalRecord>>;
  /** Flushes, closes the file and gives the folder back, unless the lock was handed in. */
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly fileSystem?: FileSystem;
  readonly now?: () => Date;
  /** A lock on the journal's folder that the caller holds already and will release. Without it the journal takes its own. */
  readonly lock?: FolderLock;
}

/**
 * Opens a run's journal for writing, or starts one. Takes the folder's lock. A torn or damaged end is copied to
 * `journal.torn-<n>` beside it and cut off; damage before a good record, a gap in the sequence, or a record of a newer
 * version is a failure that says how many records are good, and leaves the file as it is.
 */
export async function openJournal(filePath: string, options: JournalOptions = {}): Promise<Result<Journal>> {
  const fileSystem = options.fileSystem ?? nodeFileSystem;
  const locked = options.lock === undefined ? await acquireLock(path.dirname(filePath)) : ok(options.lock);
  if (!locked.ok) return locked;
  const releaseLock = async (): Promise<void> => (options.lock === undefined ? locked.value.release() : undefined);

  const opened = await tryIo(`Cannot open ${filePath}`, () => openOrCreate(fileSystem, filePath));
  if (!opened.ok) {
    await releaseLock();
    return opened;
  }
  const file = opened.value;
  const state = await readAndRepair(fileSystem, file, filePath);
  if (!state.ok) {
    await file.close().catch(() => undefined);
    await releaseLock();
    return state;
  }
  return ok(createWriter({ filePath, file, ...state.value, now: options.now ?? (() => new Date()), releaseLock }));
}

/** Reads a journal without a lock and without repairing it, while another process may be writing. */
export async function readJournal(filePath: string, fileSystem: FileSystem = nodeFileSystem): Promise<Result<{ readonly records: readonly JournalRecord[]; readonly tornBytes: number }>> {
  const opened = await tryIo(`Cannot open ${filePath}`, () => fileSystem.open(filePath, "read"));
  if (!opened.ok) return opened;
  try {
    const scan = await scanJournal(opened.value);
    return scan.ok ? ok({ records: scan.value.records, tornBytes: scan.value.fileEnd - scan.value.goodEnd }) : scan;
  } catch (error) {
    return err(failureOfIo(error, `Cannot read ${filePath}`));
  } finally {
    await opened.value.close().catch(() => undefined);
  }
}

async function openOrCreate(fileSystem: FileSystem, filePath: string): Promise<FileHandle> {
  try {
    return await fileSystem.open(filePath, "write");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const file = await fileSystem.open(filePath, "create");
  try {
    await fileSystem.syncFolder(path.dirname(filePath));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface OpenState {
  readonly records: JournalRecord[];
  /** Where the next record goes. */
  readonly end: number;
  readonly repair: JournalRepair | null;
}

async function readAndRepair(fileSystem: FileSystem, file: FileHandle, filePath: string): Promise<Result<OpenState>> {
  try {
    const scan = await scanJournal(file);
    if (!scan.ok) return scan;
    const { records, goodEnd, fileEnd, lastLineOpen } = scan.value;
    let repair: JournalRepair | null = null;
    if (fileEnd > goodEnd) {
      const keptAs = await keepTail(fileSystem, file, filePath, goodEnd, fileEnd - goodEnd);
      await file.truncate(goodEnd);
      await file.sync();
      repair = { bytes: fileEnd - goodEnd, keptAs };
    }
    if (!lastLineOpen) return ok({ records, end: goodEnd, repair });
    // The last record is whole but its line break was torn off: without one the next record would be glued to it.
    await writeFully(file, Buffer.from("\n"), goodEnd);
    await file.sync();
    return ok({ records, end: goodEnd + 1, repair });
  } catch (error) {
    return err(failureOfIo(error, `Cannot open ${filePath}`, "No good record was changed."));
  }
}

/** Copies the bytes about to be cut off into the first free `journal.torn-<n>`, flushed before anything is cut. */
async function keepTail(fileSystem: FileSystem, file: FileHandle, filePath: string, start: number, length: number): Promise<string> {
  const { dir, name } = path.parse(filePath);
  for (let number = 1; ; number += 1) {
    const keptAs = path.join(dir, `${name}.torn-${number}`);
    let copy: FileHandle;
    try {
      copy = await fileSystem.open(keptAs, "create");
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      throw error;
    }
    try {
      const chunk = 1 << 20;
      for (let done = 0; done < length; done += chunk) await writeFully(copy, await readFully(file, start + done, Math.min(chunk, length - done)), done);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await fileSystem.syncFolder(dir);
    return keptAs;
  }
}

function createWriter(given: OpenState & { readonly filePath: string; readonly file: FileHandle; readonly now: () => Date; readonly releaseLock: () => Promise<void> }): Journal {
  const { filePath, file, records, repair, now, releaseLock } = given;
  let end = given.end;
  let broken: Failure | null = null;
  let closing: Promise<void> | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const write = async (event: JournalEvent, durable: boolean): Promise<Result<JournalRecord>> => {
    if (broken !== null) return err(broken);
    const normal = normaliseEvent(event);
    if (!normal.ok) return normal;
    const record: JournalRecord = { sequence: records.length + 1, time: now().toISOString(), event: normal.value };
    const line = Buffer.from(`${encodeRecord(record)}\n`, "utf8");
    try {
      await writeFully(file, line, end);
    } catch (error) {
      const failure = failureOfIo(error, `Cannot add to ${filePath}`, `Its ${records.length} records are whole.`);
      // Part of the line may be in the file: taken back, so that the next append does not follow half a record.
      await file.truncate(end).catch(() => (broken = failure));
      return err(failure);
    }
    if (durable) {
      try {
        await file.sync();
      } catch (error) {
        // After a failed flush the system may drop the pages and report success the next time: nothing more is trusted.
        broken = failureOfIo(error, `Cannot flush ${filePath}`, `The first ${records.length} records stay; the last may be lost.`);
        return err(broken);
      }
    }
    end += line.length;
    records.push(record);
    return ok(record);
  };

  return {
    path: filePath,
    repair,
    records: () => records,
    append(event, { durable }) {
      if (closing !== null) return Promise.resolve(fail("INTERNAL", "journal.closed", "The journal of this run is closed."));
      const appended = queue.then(() => write(event, durable));
      queue = appended;
      return appended;
    },
    close() {
      closing ??= queue.then(async () => {
        // A flush that fails here concerns only records nobody asked to be durable.
        await file.sync().catch(() => undefined);
        await file.close().catch(() => undefined);
        await releaseLock();
      });
      return closing;
    },
  };
}
