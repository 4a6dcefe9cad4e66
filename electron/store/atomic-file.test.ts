import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeFileAtomic } from "./atomic-file.js";
import { nodeFileSystem, type FileHandle, type FileSystem } from "./file-system.js";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "trex-atomic-"));
  target = path.join(folder, "file.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));
const withFile = (change: (handle: FileHandle) => FileHandle): FileSystem => ({ ...nodeFileSystem, open: async (file, how, mode) => change(await nodeFileSystem.open(file, how, mode)) });

it("writes, replaces, and leaves no temporary file", async () => {
  for (const text of ["one", "two 🦖", ""]) {
    expect(await writeFileAtomic(target, text)).toMatchObject({ ok: true });
    expect(await readFile(target, "utf8")).toBe(text);
  }
  expect(await readdir(folder)).toEqual(["file.json"]);
});

it("seals a file when asked", async () => {
  await writeFileAtomic(target, "secret", { mode: 0o600 });
  if (process.platform !== "win32") expect((await stat(target)).mode & 0o777).toBe(0o600);
});

it("loops short writes", async () => {
  const text = "0123456789".repeat(50);
  await writeFileAtomic(target, text, { fileSystem: withFile((handle) => ({ ...handle, write: (buffer, offset, length, position) => handle.write(buffer, offset, Math.min(3, length), position) })) });
  expect(await readFile(target, "utf8")).toBe(text);
});

it.each([
  ["a full disk", withFile((handle) => ({ ...handle, write: () => failing("ENOSPC") })), "store.disk_full"],
  ["a disk that takes no byte and says nothing", withFile((handle) => ({ ...handle, write: () => Promise.resolve(0) })), "store.disk_full"],
  ["a failed flush", withFile((handle) => ({ ...handle, sync: () => failing("EIO") })), "store.io"],
  ["a failed rename", { ...nodeFileSystem, rename: () => failing("EPERM") }, "store.not_allowed"],
  ["a read-only disk", { ...nodeFileSystem, open: () => failing("EROFS") }, "store.not_allowed"],
])("keeps the old file and no litter after %s", async (_name, fileSystem, code) => {
  await writeFile(target, "old");
  const result = await writeFileAtomic(target, "new content", { fileSystem, renameRetries: 0 });
  expect(result).toMatchObject({ ok: false, error: { class: "ENV", code } });
  expect(await readFile(target, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["file.json"]);
});

it("flushes the file before the rename and the folder after it", async () => {
  const order: string[] = [];
  await writeFileAtomic(target, "x", {
    fileSystem: {
      ...withFile((handle) => ({ ...handle, sync: () => (order.push("flush file"), handle.sync()) })),
      rename: (from, to) => (order.push("rename"), nodeFileSystem.rename(from, to)),
      syncFolder: (at) => (order.push(`flush ${path.basename(at) === path.basename(folder) ? "folder" : at}`), nodeFileSystem.syncFolder(at)),
    },
  });
  expect(order).toEqual(["flush file", "rename", "flush folder"]);
});

it("tries a rename again while a scanner holds the file, as on Windows", async () => {
  let blocked = 3;
  const result = await writeFileAtomic(target, "x", { renameRetries: 5, fileSystem: { ...nodeFileSystem, rename: (from, to) => (blocked-- > 0 ? failing("EPERM") : nodeFileSystem.rename(from, to)) } });
  expect(result.ok).toBe(true);
  expect(await readFile(target, "utf8")).toBe("x");
});

it("says so when the folder may not be written to", async () => {
  if (process.getuid?.() === 0 || process.platform === "win32") return;
  await chmod(folder, 0o500);
  expect(await writeFileAtomic(target, "x")).toMatchObject({ ok: false, error: { code: "store.not_allowed" } });
  await chmod(folder, 0o700);
});
