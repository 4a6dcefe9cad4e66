import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JournalEvent, JournalRecord, Result } from "../contract/index.js";
import { nodeFileSystem, type FileHandle, type FileSystem } from "./file-system.js";
import { encodeRecord } from "./journal-record.js";
import { acquireLock, type FolderLock } from "./lock.js";
import { openJournal, readJournal, type Journal } from "./journal.js";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "trex-journal-"));
  file = path.join(folder, "journal.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const warning = (message: string): JournalEvent => ({ type: "warning", message });
/** Texts with several bytes a character, quotes and line breaks: what a naive tail repair trips over. */
const texts = ["first", 'quotes " and \\ and {"checksum":"0"}', "line\nbreak", "Größe 模型 🦖", "", "x".repeat(40)];

async function open(fileSystem?: FileSystem, lock?: FolderLock): Promise<Journal> {
  return must(await openJournal(file, { ...(fileSystem && { fileSystem }), ...(lock && { lock }), now: () => new Date(0) }));
}
function must<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
async function writeTexts(messages: readonly string[]): Promise<Buffer> {
  const journal = await open();
  for (const message of messages) must(await journal.append(warning(message), { durable: false }));
  await journal.close();
  return readFile(file);
}
const messagesOf = (records: readonly JournalRecord[]): string[] => records.map(({ event }) => (event.type === "warning" ? event.message : event.type));

/** Thousands of openings need no real flush each. */
const unflushed: FileSystem = { ...withFile((handle) => ({ ...handle, sync: () => Promise.resolve() })), syncFolder: () => Promise.resolve() };

describe("openJournal", () => {
  it("gives back what was appended, in order, with sequence numbers from 1", async () => {
    await writeTexts(texts);
    const journal = await open();
    expect(messagesOf(journal.records())).toEqual(texts);
    expect(journal.records().map((record) => record.sequence)).toEqual(texts.map((_, index) => index + 1));
    expect(journal.repair).toBeNull();
    await journal.close();
  });

  it("opens when cut at any byte, keeps every whole record, saves the rest and takes more", { timeout: 60_000 }, async () => {
    const whole = await writeTexts(texts);
    const ends: number[] = [];
    for (let at = whole.indexOf(10); at >= 0; at = whole.indexOf(10, at + 1)) ends.push(at);
    expect(ends).toHaveLength(texts.length);
    const lock = must(await acquireLock(folder));
    for (let length = 0; length <= whole.length; length += 1) {
      await writeFile(file, whole.subarray(0, length));
      const kept = ends.filter((end) => end <= length).length;
      const journal = await open(unflushed, lock);
      expect(messagesOf(journal.records()), `cut at ${length}`).toEqual(texts.slice(0, kept));
      const goodBytes = kept === 0 ? 0 : Math.min(length, ends[kept - 1]! + 1);
      expect(journal.repair?.bytes ?? 0).toBe(length - goodBytes);
      if (journal.repair !== null) {
        expect(await readFile(journal.repair.keptAs)).toEqual(whole.subarray(goodBytes, length));
        await rm(journal.repair.keptAs);
      }
      must(await journal.append(warning("after"), { durable: false }));
      await journal.close();
      expect(messagesOf(must(await readJournal(file)).records)).toEqual([...texts.slice(0, kept), "after"]);
    }
  });

  it("notices a flip of any bit: the last record goes with a copy kept, an earlier one is refused with the count", { timeout: 60_000 }, async () => {
    const whole = await writeTexts(["a", "b", "c"]);
    const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
    const lock = must(await acquireLock(folder));
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ (1 << at % 7);
      await writeFile(file, damaged);
      const opened = await openJournal(file, { lock, fileSystem: unflushed });
      if (at >= lastStart) {
        const journal = must(opened);
        // A flipped final line break leaves the record's own bytes glued to one stray byte: cut as well.
        expect(messagesOf(journal.records())).toEqual(["a", "b"]);
        expect(journal.repair).not.toBeNull();
        await journal.close();
      } else {
        expect(opened.ok, `flip at ${at}`).toBe(false);
        if (opened.ok) continue;
        const line = damaged.subarray(0, at).filter((byte) => byte === 10).length;
        expect(opened.error.code).toBe("journal.damaged");
        expect(opened.error.message).toContain(`the ${line} records before that are good`);
        expect(await readFile(file)).toEqual(damaged);
      }
    }
  });

  it("refuses a gap and a repeat in the sequence", async () => {
    const lines = [1, 2, 4].map((sequence) => `${encodeRecord({ sequence, time: "t", event: warning("w") })}\n`);
    await writeFile(file, lines.join(""));
    expect(await openJournal(file)).toMatchObject({ ok: false, error: { code: "journal.gap", message: expect.stringContaining("from record 2 to record 4") as string } });
    await writeFile(file, `${lines[0]!}${lines[0]!}`);
    expect(await openJournal(file)).toMatchObject({ ok: false, error: { code: "journal.gap" } });
  });

  it("refuses a whole record of an unknown type instead of cutting it off", async () => {
    const newer = { sequence: 2, time: "t", event: { type: "teleported", to: "mars" } } as unknown as JournalRecord;
    const text = `${encodeRecord({ sequence: 1, time: "t", event: warning("w") })}\n${encodeRecord(newer)}\n`;
    await writeFile(file, text);
    const opened = await openJournal(file);
    expect(opened).toMatchObject({ ok: false, error: { code: "journal.newer" } });
    expect(!opened.ok && opened.error.message).toContain('"teleported"');
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("treats trailing zero bytes, as a power cut leaves them, as a torn end", async () => {
    const whole = await writeTexts(["a"]);
    await writeFile(file, Buffer.concat([whole, Buffer.alloc(5000)]));
    const journal = await open();
    expect(messagesOf(journal.records())).toEqual(["a"]);
    expect(journal.repair?.bytes).toBe(5000);
    await journal.close();
  });

  it("never overwrites an earlier torn end", async () => {
    for (const tail of ["one", "two"]) {
      await writeFile(file, tail);
      await (await open()).close();
    }
    expect((await readdir(folder)).filter((name) => name.includes("torn")).sort()).toEqual(["journal.torn-1", "journal.torn-2"]);
  });

  it("lets one writer in at a time, and readers always", async () => {
    const journal = await open();
    must(await journal.append(warning("w"), { durable: false }));
    expect(await openJournal(file)).toMatchObject({ ok: false, error: { code: "store.locked" } });
    expect(must(await readJournal(file)).records).toHaveLength(1);
    await journal.close();
    await (await open()).close();
  });

  it("fails with a sentence where there is no folder", async () => {
    const opened = await openJournal(path.join(folder, "missing", "journal.jsonl"));
    expect(opened).toMatchObject({ ok: false, error: { code: "store.not_found" } });
  });
});

describe("append", () => {
  it("serves simultaneous calls one after another", async () => {
    const journal = await open();
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append(warning(String(index)), { durable: index % 10 === 0 })));
    expect(results.every((result) => result.ok)).toBe(true);
    await journal.close();
    expect(messagesOf(must(await readJournal(file)).records)).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  });

  it("refuses an event that JSON would change into one that cannot be read back", async () => {
    const journal = await open();
    expect(await journal.append({ type: "noise-floor", standardError: Number.NaN }, { durable: true })).toMatchObject({ ok: false, error: { code: "journal.event_invalid" } });
    must(await journal.append({ type: "noise-floor", standardError: 0.02 }, { durable: true }));
    await journal.close();
    expect(must(await readJournal(file)).records).toHaveLength(1);
  });

  it("refuses after close", async () => {
    const journal = await open();
    await journal.close();
    expect(await journal.append(warning("w"), { durable: true })).toMatchObject({ ok: false, error: { code: "journal.closed" } });
  });

  it("loops when the file system writes one byte at a time", async () => {
    const journal = await open(withFile((handle) => ({ ...handle, write: (buffer, offset, _length, position) => handle.write(buffer, offset, 1, position) })));
    for (const message of texts) must(await journal.append(warning(message), { durable: false }));
    await journal.close();
    expect(messagesOf(must(await readJournal(file)).records)).toEqual(texts);
  });

  it("survives a full disk at any byte: fails with a sentence, stays whole, goes on when there is room", async () => {
    const line = (await writeTexts(["a", "b"])).length / 2;
    for (let room = 0; room < line; room += 7) {
      await rm(file);
      let free = Number.POSITIVE_INFINITY;
      const full = withFile((handle) => ({
        ...handle,
        async write(buffer, offset, length, position) {
          if (free <= 0) throw Object.assign(new Error("full"), { code: "ENOSPC" });
          const count = await handle.write(buffer, offset, Math.min(length, free), position);
          free -= count;
          return count;
        },
      }));
      const journal = await open(full);
      must(await journal.append(warning("a"), { durable: true }));
      free = room;
      const failed = await journal.append(warning("b"), { durable: true });
      expect(failed).toMatchObject({ ok: false, error: { class: "ENV", code: "store.disk_full" } });
      expect(!failed.ok && failed.error.message).toContain("Its 1 records are whole");
      expect(messagesOf(must(await readJournal(file)).records)).toEqual(["a"]);
      expect(must(await readJournal(file)).tornBytes).toBe(0);
      free = Number.POSITIVE_INFINITY;
      must(await journal.append(warning("c"), { durable: true }));
      await journal.close();
      expect(messagesOf(must(await readJournal(file)).records)).toEqual(["a", "c"]);
    }
  });

  it("trusts nothing after a failed flush until it is opened again", async () => {
    let flush = true;
    const journal = await open(withFile((handle) => ({ ...handle, sync: () => (flush ? handle.sync() : Promise.reject(Object.assign(new Error("io"), { code: "EIO" }))) })));
    must(await journal.append(warning("a"), { durable: true }));
    flush = false;
    expect(await journal.append(warning("b"), { durable: true })).toMatchObject({ ok: false, error: { code: "store.io" } });
    flush = true;
    expect(await journal.append(warning("c"), { durable: true })).toMatchObject({ ok: false, error: { code: "store.io" } });
    expect(messagesOf(journal.records())).toEqual(["a"]);
    await journal.close();
    const again = await open();
    expect(messagesOf(again.records()).slice(0, 1)).toEqual(["a"]);
    must(await again.append(warning("d"), { durable: true }));
    await again.close();
  });

  it("keeps every acknowledged record when killed before any single file operation", async () => {
    const lock = must(await acquireLock(folder));
    for (let lives = 0; ; lives += 1) {
      for (const name of await readdir(folder)) if (name.startsWith("journal")) await rm(path.join(folder, name));
      // A torn end for the opening to repair, so that its operations are killed too.
      await writeFile(file, `${encodeRecord({ sequence: 1, time: "t", event: warning("old") })}\nhalf a rec`);
      const killer = killedAfter(lives);
      const acknowledged = ["old"];
      const opened = await openJournal(file, { fileSystem: killer.fileSystem, lock });
      if (opened.ok) {
        for (const message of texts) {
          const result = await opened.value.append(warning(message), { durable: true });
          if (result.ok) acknowledged.push(message);
        }
        await opened.value.close();
      }
      const survivor = await open(nodeFileSystem, lock);
      const found = messagesOf(survivor.records());
      expect(found.slice(0, acknowledged.length), `killed before operation ${lives}`).toEqual(acknowledged);
      // At most the one in flight may be there beyond what was acknowledged.
      expect(found.length - acknowledged.length).toBeLessThanOrEqual(1);
      must(await survivor.append(warning("after"), { durable: true }));
      await survivor.close();
      if (!killer.died()) break;
    }
  });
});

function withFile(change: (handle: FileHandle) => FileHandle): FileSystem {
  return { ...nodeFileSystem, open: async (target, how, mode) => change(await nodeFileSystem.open(target, how, mode)) };
}

/** Lets so many operations through; from then on every one fails, and a write in flight stops half way. */
function killedAfter(operations: number): { fileSystem: FileSystem; died: () => boolean } {
  let left = operations;
  const dead = (): boolean => (left -= 1) < 0;
  const killed = (): Promise<never> => Promise.reject(new Error("killed"));
  const fileSystem: FileSystem = {
    open: async (target, how, mode) => {
      if (dead()) return killed();
      const handle = await nodeFileSystem.open(target, how, mode);
      return {
        ...handle,
        async write(buffer, offset, length, position) {
          if (!dead()) return handle.write(buffer, offset, length, position);
          if (left === -1) await handle.write(buffer, offset, Math.floor(length / 2), position);
          return killed();
        },
        truncate: (length) => (dead() ? killed() : handle.truncate(length)),
        sync: () => (dead() ? killed() : handle.sync()),
      };
    },
    rename: (from, to) => (dead() ? killed() : nodeFileSystem.rename(from, to)),
    remove: (target) => (dead() ? killed() : nodeFileSystem.remove(target)),
    syncFolder: (target) => (dead() ? killed() : nodeFileSystem.syncFolder(target)),
  };
  return { fileSystem, died: () => left < 0 };
}
