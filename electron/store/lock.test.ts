import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { acquireLock, isLocked } from "./lock.js";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), "trex-lock-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));
const lockFile = (): string => path.join(folder, "lock");

it("is held once, and free again after release", async () => {
  expect(await isLocked(folder)).toBe(false);
  const first = await acquireLock(folder);
  expect(first.ok).toBe(true);
  expect(await isLocked(folder)).toBe(true);
  expect(await acquireLock(folder)).toMatchObject({ ok: false, error: { code: "store.locked", message: expect.stringContaining(`process ${process.pid}`) as string } });
  if (first.ok) await first.value.release();
  if (first.ok) await first.value.release();
  const second = await acquireLock(folder);
  expect(second.ok).toBe(true);
  if (first.ok) await first.value.release(); // a late release must not free somebody else's lock
  expect(await acquireLock(folder)).toMatchObject({ ok: false });
  if (second.ok) await second.value.release();
  expect(await readdir(folder)).toEqual([]);
});

it("goes to exactly one of many who ask at once", async () => {
  const results = await Promise.all(Array.from({ length: 6 }, () => acquireLock(folder)));
  expect(results.filter((result) => result.ok)).toHaveLength(1);
});

it("is taken from a process that was killed, at once", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const owner = { processId: child.pid, host: hostname(), startedAt: "", nonce: "n" };
  await writeFile(lockFile(), JSON.stringify(owner));
  expect(await acquireLock(folder)).toMatchObject({ ok: false });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await isLocked(folder)).toBe(false);
  expect((await acquireLock(folder)).ok).toBe(true);
});

it("tells a reused process number by its start time", async () => {
  if (process.platform !== "linux") return;
  await writeFile(lockFile(), JSON.stringify({ processId: process.pid, host: hostname(), startedAt: "another boot/1", nonce: "n" }));
  expect((await acquireLock(folder)).ok).toBe(true);
});

it("believes a lock of another computer", async () => {
  await writeFile(lockFile(), JSON.stringify({ processId: 1, host: "another-host", startedAt: "", nonce: "n" }));
  expect(await acquireLock(folder)).toMatchObject({ ok: false, error: { message: expect.stringContaining("another-host") as string } });
});

it.each(["", "{", '{"processId":-1}'])("replaces a torn lock file: %j", async (text) => {
  await writeFile(lockFile(), text);
  expect((await acquireLock(folder)).ok).toBe(true);
  expect(JSON.parse(await readFile(lockFile(), "utf8"))).toMatchObject({ processId: process.pid });
});
