import { describe, expect, it, vi } from "vitest";
import type { Connection, ConnectionState } from "../api/connection.js";
import type { MemorySample, Push } from "../contract.js";
import { makeNode, makeView } from "../testing/make-node.js";
import { valueOf } from "./loadable.js";
import { appendSample } from "./push.js";
import { createAppStore } from "./store.js";

const sample = (atMs: number): MemorySample => ({ atMs, kind: "ram", totalBytes: 1, bytes: { desktop: 0, agent: 0, trainer: 0, evaluator: 0, free: 1 }, powerWatts: null, temperatureCelsius: null, utilization: null });
const problem = { class: "ENV", code: "x.y", message: "It failed.", hint: "" };

function host(answers: Record<string, unknown> = {}) {
  const calls: string[] = [];
  let listener: (push: Push) => void = () => undefined;
  let watcher: (state: ConnectionState) => void = () => undefined;
  const connection = {
    call: (name: string) => {
      calls.push(name);
      return Promise.resolve(name in answers ? { ok: true, value: answers[name] } : { ok: false, error: problem });
    },
    subscribe: (next: typeof listener) => { listener = next; return () => undefined; },
    watchConnection: (next: typeof watcher) => { watcher = next; next("connecting"); return () => undefined; },
  } as unknown as Connection;
  const store = createAppStore(connection, () => 42);
  return { store, calls, push: (sequence: number, message: Push["message"]) => listener({ sequence, message }), connect: (state: ConnectionState) => watcher(state) };
}
const run = (phase: string): Push["message"] => ({ type: "run", view: makeView({ phase }) });

describe("pushes", () => {
  it("put a view in place, with the moment it came", () => {
    const { store, push } = host();
    store.getState().start();
    push(7, run("one"));
    push(8, run("two"));
    expect(valueOf(store.getState().views.r1)).toMatchObject({ receivedAtMs: 42, view: { phase: "two" } });
    expect(store.getState().lastSequence).toBe(8);
  });

  it("load everything again after a hole in the sequence, forwards or backwards, and not otherwise", async () => {
    const { store, push, calls } = host({ "runs.list": [], "runs.get": makeView(), "runs.memory": [] });
    store.getState().start();
    await store.getState().openRun("r1");
    calls.length = 0;
    push(1, run("one"));
    push(2, run("two"));
    expect(calls).toEqual([]);
    push(4, run("four"));
    expect(calls).toEqual(["runs.list", "runs.get", "runs.memory"]);
    calls.length = 0;
    push(1, run("restarted"));
    expect(calls).toEqual(["runs.list", "runs.get", "runs.memory"]);
  });

  it("win over an answer that was asked for before they came", async () => {
    const { store, push } = host({ "runs.get": makeView({ phase: "old" }), "runs.memory": [] });
    store.getState().start();
    const opened = store.getState().openRun("r1");
    push(1, run("new"));
    await opened;
    expect(valueOf(store.getState().views.r1)?.view.phase).toBe("new");
    await store.getState().openRun("r1");
    expect(valueOf(store.getState().views.r1)?.view.phase).toBe("old");
  });

  it("ask for the list alone when only the list has changed", () => {
    const { store, push, calls } = host({ "runs.list": [] });
    store.getState().start();
    calls.length = 0;
    push(1, { type: "runs-changed" });
    expect(calls).toEqual(["runs.list"]);
  });

  it("keep progress of running nodes only", () => {
    const { store, push } = host();
    store.getState().start();
    push(1, { type: "progress", runId: "r1", nodeId: "n1", stage: "full", done: 3, total: 10, loss: 1.5, tokensPerSecond: 100 });
    expect(store.getState().progress.r1?.n1?.done).toBe(3);
    push(2, { type: "run", view: makeView({ nodes: [makeNode({ id: "n1", status: "running" })] }) });
    expect(store.getState().progress.r1?.n1?.done).toBe(3);
    push(3, { type: "run", view: makeView({ nodes: [makeNode({ id: "n1", status: "done" })] }) });
    expect(store.getState().progress.r1).toEqual({});
  });

  it("keep memory readings in bounds, with the newest always there", () => {
    let samples: readonly MemorySample[] = [];
    for (let at = 0; at < 5000; at += 1) samples = appendSample(samples, sample(at));
    expect(samples.length).toBeLessThanOrEqual(1600);
    expect(samples.at(-1)?.atMs).toBe(4999);
    expect(samples[0]?.atMs).toBe(0);
  });
});

describe("a lost line", () => {
  it("loads the state again once it is back, and takes the next push as the first", async () => {
    const { store, push, calls, connect } = host({ "runs.list": [] });
    store.getState().start();
    connect("open");
    push(9, { type: "memory", runId: "r1", sample: sample(0) });
    connect("lost");
    expect(store.getState()).toMatchObject({ connection: "lost", lastSequence: null });
    calls.length = 0;
    connect("open");
    await vi.waitFor(() => expect(calls).toEqual(["runs.list"]));
    calls.length = 0;
    push(1, { type: "memory", runId: "r1", sample: sample(1) });
    expect(calls).toEqual([]);
  });
});

describe("commands", () => {
  it("keep the host's sentence when they are refused", async () => {
    const { store } = host();
    await store.getState().command("pause", "r1");
    expect(store.getState().commands["pause:r1"]).toEqual({ state: "failed", error: problem });
  });
  it("leave nothing behind when they are done, and load the run", async () => {
    const { store, calls } = host({ "runs.pause": {}, "runs.get": makeView({ status: "paused" }), "runs.memory": [] });
    await store.getState().command("pause", "r1");
    expect(store.getState().commands).toEqual({});
    expect(calls).toContain("runs.get");
    expect(valueOf(store.getState().views.r1)?.view.status).toBe("paused");
  });
});

describe("loading", () => {
  it("keeps the last good value while it fails", async () => {
    const answers: Record<string, unknown> = { "runs.list": [] };
    const { store } = host(answers);
    await store.getState().loadRuns();
    delete answers["runs.list"];
    await store.getState().loadRuns();
    expect(store.getState().runs).toEqual({ state: "failed", error: problem, value: [] });
  });
});

describe("steering and settings", () => {
  it("load the run again after a step that was taken, and hand a refusal back without touching it", async () => {
    const { store, calls } = host({ "runs.steer": {}, "runs.get": makeView(), "runs.memory": [] });
    expect(await store.getState().steer("r1", { kind: "pin", nodeId: "n1" })).toEqual({ ok: true, value: {} });
    expect(calls).toEqual(["runs.steer", "runs.get", "runs.memory"]);
    const refusing = host();
    expect(await refusing.store.getState().steer("r1", { kind: "pin", nodeId: "n1" })).toEqual({ ok: false, error: problem });
    expect(refusing.calls).toEqual(["runs.steer"]);
  });
  it("keep the settings and the library the host has, not those that were wished for", async () => {
    const library = { documents: [], cards: [], embeddingModel: null };
    const { store } = host({ "settings.update": { offline: true }, "library.add": library });
    await store.getState().changeSettings({ offline: false });
    expect(store.getState().settings).toEqual({ state: "ready", value: { offline: true } });
    await store.getState().addToLibrary("/papers");
    expect(store.getState().library).toEqual({ state: "ready", value: library });
    await store.getState().removeFromLibrary("d1");
    expect(store.getState().library).toEqual({ state: "ready", value: library });
  });
});
