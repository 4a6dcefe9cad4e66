import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { trexHome } from "./home.js";
import { createRunFolder, isRunId, listRuns, newRunId, nodePaths, runPaths } from "./run-folder.js";
import { openSettings, type Settings } from "./settings.js";

let home: string;
beforeEach(async () => void (home = await mkdtemp(path.join(tmpdir(), "trex-home-"))));
afterEach(() => rm(home, { recursive: true, force: true }));
const settingsFile = (): string => path.join(home, "settings.json");

async function open(): Promise<Settings> {
  const opened = await openSettings(home);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

describe("openSettings", () => {
  it("starts with defaults, offline, and writes nothing before it is asked to", async () => {
    const settings = await open();
    expect(settings.get()).toMatchObject({ version: 1, offline: true, theme: "system" });
    expect(await readdir(home)).toEqual([]);
  });

  it("keeps updates, also simultaneous ones", async () => {
    const settings = await open();
    await Promise.all([settings.update({ theme: "dark" }), settings.update({ threads: 3 }), settings.update({ tariffPerKilowattHour: 0.3 })]);
    expect((await open()).get()).toMatchObject({ theme: "dark", threads: 3, tariffPerKilowattHour: 0.3 });
  });

  it("refuses a wrong value and keeps the old one", async () => {
    const settings = await open();
    expect(await settings.update({ threads: -1 })).toMatchObject({ ok: false, error: { code: "settings.invalid" } });
    expect(settings.get().threads).toBe(0);
  });

  it("fills in what an older file lacks", async () => {
    await writeFile(settingsFile(), '{"version":1,"theme":"light"}');
    const settings = await open();
    expect(settings.get()).toMatchObject({ theme: "light", offline: true });
    expect(settings.warning).toBeNull();
  });

  it.each(["", "{", '{"theme":"pink"}', "\0\0\0\0"])("sets a damaged file aside and says so: %j", async (text) => {
    await writeFile(settingsFile(), text);
    const settings = await open();
    expect(settings.get().theme).toBe("system");
    expect(settings.warning).toContain("settings.damaged-");
    const [kept] = (await readdir(home)).filter((name) => name.startsWith("settings.damaged-"));
    expect(await readFile(path.join(home, kept!), "utf8")).toBe(text);
    expect((await settings.update({ theme: "dark" })).ok).toBe(true);
  });

  it("leaves a newer version's file alone", async () => {
    const text = '{"version":2,"theme":"aurora"}';
    await writeFile(settingsFile(), text);
    const settings = await open();
    expect(settings.warning).toContain("newer version");
    expect(await settings.update({ theme: "dark" })).toMatchObject({ ok: false, error: { code: "settings.newer" } });
    expect(await readFile(settingsFile(), "utf8")).toBe(text);
  });
});

describe("trexHome", () => {
  it("follows TREX_HOME, then each platform's rule", () => {
    expect(trexHome({ TREX_HOME: "/data/trex" }, "linux", "/home/u")).toBe("/data/trex");
    expect(trexHome({}, "linux", "/home/u")).toBe("/home/u/.local/share/trex-desktop");
    expect(trexHome({ XDG_DATA_HOME: "/xdg", TREX_HOME: " " }, "linux", "/home/u")).toBe("/xdg/trex-desktop");
    expect(trexHome({ XDG_DATA_HOME: "relative" }, "linux", "/home/u")).toBe("/home/u/.local/share/trex-desktop");
    expect(trexHome({}, "darwin", "/Users/u")).toBe("/Users/u/Library/Application Support/TREX Desktop");
    expect(trexHome({ LOCALAPPDATA: "C:\\Users\\u\\AppData\\Local" }, "win32", "C:\\Users\\u")).toBe("C:\\Users\\u\\AppData\\Local\\TREX Desktop");
  });
});

describe("run folders", () => {
  it("are made once, sealed where they must be, and listed newest first when they hold a journal", async () => {
    expect(await listRuns(home)).toEqual({ ok: true, value: [] });
    for (const id of ["20260101-0000-aaaaaa", "20260202-0000-bbbbbb", "20260303-0000-cccccc"]) expect((await createRunFolder(home, id)).ok).toBe(true);
    expect(await createRunFolder(home, "20260101-0000-aaaaaa")).toMatchObject({ ok: false, error: { code: "run.exists" } });
    for (const id of ["20260101-0000-aaaaaa", "20260202-0000-bbbbbb"]) await writeFile(runPaths(home, id).journal, "");
    const listed = await listRuns(home);
    expect(listed.ok && listed.value.map((run) => run.runId)).toEqual(["20260202-0000-bbbbbb", "20260101-0000-aaaaaa"]);
  });

  it("have ids that cannot leave the folder", () => {
    expect(isRunId(newRunId(new Date()))).toBe(true);
    for (const id of ["", ".", "..", "../x", "a/b", "a\\b", "-a", "a-", "con", "a b", "a\0", "x".repeat(65)]) {
      expect(isRunId(id), JSON.stringify(id)).toBe(false);
      expect(() => runPaths(home, id)).toThrow(RangeError);
      expect(() => nodePaths(home, id)).toThrow(RangeError);
    }
  });
});
