import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { taskSchema } from "../../contract/index.js";
import { createRunFolder, openJournal, type Journal } from "../../store/index.js";
import type { PushMessage } from "../push-hub.js";
import { createArchive } from "./archive.js";
import { watchOtherRuns } from "./watch-others.js";

const task = taskSchema.parse({ goal: "g", model: "/m.gguf", data: "/d.jsonl" });
let home = "";
beforeEach(async () => { home = await mkdtemp(path.join(os.tmpdir(), "trex-archive-")); });
afterEach(async () => { await rm(home, { recursive: true, force: true }); });

async function beginRun(runId: string): Promise<Journal> {
  const folder = await createRunFolder(home, runId);
  if (!folder.ok) throw new Error(folder.error.message);
  const journal = await openJournal(folder.value.journal);
  if (!journal.ok) throw new Error(journal.error.message);
  await journal.value.append({ type: "run-created", runId, task, appVersion: "0" }, { durable: true });
  await journal.value.append({ type: "status-changed", status: "searching", phase: "Working." }, { durable: true });
  return journal.value;
}

describe("runs on the disk", () => {
  it("shows a run that somebody works on as working, and one that was left as interrupted", async () => {
    const journal = await beginRun("r1");
    const archive = createArchive(home);
    expect(await archive.view("r1")).toMatchObject({ ok: true, value: { status: "searching", phase: "Working." } });
    await journal.close();
    expect(await archive.view("r1")).toMatchObject({ ok: true, value: { status: "interrupted" } });
    expect(await archive.list()).toMatchObject({ ok: true, value: [{ runId: "r1", status: "interrupted" }] });
  });

  it("leaves the run free for whoever wants to resume it", async () => {
    await (await beginRun("r1")).close();
    await createArchive(home).view("r1");
    const again = await openJournal(path.join(home, "runs", "r1", "journal.jsonl"));
    expect(again.ok).toBe(true);
    if (again.ok) await again.value.close();
  });

  it("says what is wrong with an id", async () => {
    const archive = createArchive(home);
    expect(await archive.view("nothing")).toMatchObject({ ok: false, error: { code: "run.not_found" } });
    expect(await archive.view("../x")).toMatchObject({ ok: false, error: { code: "run.bad_id" } });
  });
});

describe("runs of other processes", () => {
  it("pushes what changed since the first look, and nothing of our own", async () => {
    const journal = await beginRun("other");
    const own = await beginRun("own");
    const pushed: PushMessage[] = [];
    const stop = watchOtherRuns({ home, archive: createArchive(home), isOwn: (runId) => runId === "own", push: (message) => pushed.push(message), intervalMs: 10 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pushed).toEqual([]);
    await own.append({ type: "warning", message: "ours" }, { durable: false });
    await journal.append({ type: "warning", message: "theirs" }, { durable: true });
    const late = await beginRun("new");
    const deadline = performance.now() + 5_000;
    while (!pushed.some((message) => message.type === "runs-changed") && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    stop();
    const views = pushed.filter((message) => message.type === "run").map((message) => message.view);
    expect(new Set(views.map((view) => view.runId))).toEqual(new Set(["other", "new"]));
    expect(views.find((view) => view.runId === "other")?.warnings).toEqual(["theirs"]);
    for (const open of [journal, own, late]) await open.close();
  });
});
