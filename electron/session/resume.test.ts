import { describe, expect, it } from "vitest";
import type { JournalEvent, RunView } from "../contract/index.js";
import { World } from "../../test/fixtures/session/world.js";
import { createSession, foldRun } from "./index.js";

const never = new AbortController().signal;
const small = { task: { maxNodes: 7, splits: { devSearch: 16, devSelect: 16, vault: 32 } } } as const;

/** What a run came to, without the time it took: a killed run pays for some work twice. */
function outcome(view: RunView): unknown {
  return {
    status: view.status, delivery: view.delivery, vault: view.vault, baseline: view.baseline, best: view.bestNodeId, backtracks: view.backtracks,
    nodes: view.nodes.map(({ id, parent, axis, recipe, status, verdict, score, gain, finalist, insight, adapterSha256 }) => ({ id, parent, axis, recipe, status, verdict, score, gain, finalist, insight, adapterSha256 })),
  };
}

/** What is fixed once a node is finished; a finalist's score comes later. */
const finishedNodes = (view: RunView): unknown => view.nodes.filter((node) => node.finishedAt !== null && node.status !== "cancelled")
  .map(({ id, parent, axis, recipe, status, verdict, score, gain, insight, adapterSha256, decision }) => ({ id, parent, axis, recipe, status, verdict, score, gain, insight, adapterSha256, decision }));

/** Runs until the process dies after its nth append; then a new process goes on with the same world. */
async function killedAfter(appends: number): Promise<{ world: World; view: RunView; kept: readonly JournalEvent[] }> {
  const world = new World(small);
  await expect(createSession(world.dependencies(appends)).run(never)).rejects.toThrow("killed");
  const kept = world.records.map((record) => record.event);
  expect(kept.length).toBe(appends);
  return { world, view: await createSession(world.dependencies()).run(never), kept };
}

describe("a run killed after any journal record", () => {
  // What a killed run decides afterwards may differ from what it would have decided: it has paid for some work twice, and the
  // search looks at what is left of the budget. What is finished stays, and the same journal always goes on in the same way.
  it("loses no finished node, opens the vault once and ends as a whole run does", async () => {
    const whole = new World(small);
    const expected = await createSession(whole.dependencies()).run(never);
    const total = whole.records.length;
    expect(total).toBeGreaterThan(60);
    for (let appends = 1; appends < total; appends += 1) {
      const { world, view, kept } = await killedAfter(appends);
      const where = `killed after record ${appends}, ${kept.at(-1)?.type}`;
      expect(view.status, where).toBe(expected.status);
      expect(view.delivery?.kind, where).toBe(expected.delivery?.kind);
      const before = foldRun(world.records.slice(0, appends));
      const finishedIds = new Set(before.nodes.filter((node) => node.finishedAt !== null).map((node) => node.id));
      expect(finishedNodes({ ...view, nodes: view.nodes.filter((node) => finishedIds.has(node.id)) }), where).toEqual(finishedNodes(before));
      const events = world.records.map((record) => record.event);
      expect(events.filter((event) => event.type === "vault-opening").length, where).toBe(1);
      expect(events.filter((event) => event.type === "vault-scored").length, where).toBe(1);
      expect(events.filter((event) => event.type === "run-created").length, where).toBe(1);
      // Each node is created and finished once, in whichever process.
      const finished = events.flatMap((event) => (event.type === "node-finished" ? [event.nodeId] : []));
      expect(new Set(finished).size, where).toBe(finished.length);
      const trainedFull = events.flatMap((event) => (event.type === "trained" && event.rung === "full" ? [event.nodeId] : []));
      expect(new Set(trainedFull).size, where).toBe(trainedFull.length);
    }
  }, 180_000);

  it("survives two deaths in a row", async () => {
    const world = new World(small);
    await expect(createSession(world.dependencies(40)).run(never)).rejects.toThrow("killed");
    await expect(createSession(world.dependencies(25)).run(never)).rejects.toThrow("killed");
    const view = await createSession(world.dependencies()).run(never);
    expect(view.status).toBe("done");
    expect(view.vault?.timesOpened).toBe(1);
  });

  it("goes on in the same way from the same journal", async () => {
    for (const appends of [30, 47, 66]) expect(outcome((await killedAfter(appends)).view), `after ${appends}`).toEqual(outcome((await killedAfter(appends)).view));
  });

  it("does not score a model on the vault again when its scores were all written", async () => {
    const whole = new World(small);
    await createSession(whole.dependencies()).run(never);
    const scored = whole.records.findIndex((record) => record.event.type === "vault-scored");
    const { world } = await killedAfter(scored);
    expect(world.records[scored - 1]!.event.type).not.toBe("vault-scored");
    const dead = new World(small);
    await expect(createSession(dead.dependencies(scored + 1)).run(never)).rejects.toThrow("killed");
    const before = dead.evaluations.filter((request) => request.split === "vault").length;
    await createSession(dead.dependencies()).run(never);
    expect(dead.evaluations.filter((request) => request.split === "vault").length).toBe(before);
  });

  it("keeps the candidate the vault was opened for, whatever dev-select would say now", async () => {
    const world = new World(small);
    const openings = new World(small);
    await createSession(openings.dependencies()).run(never);
    const opening = openings.records.findIndex((record) => record.event.type === "vault-opening");
    await expect(createSession(world.dependencies(opening + 1)).run(never)).rejects.toThrow("killed");
    const event = world.records.at(-1)!.event;
    expect(event.type).toBe("vault-opening");
    for (const [path, items] of world.items) if (path.includes("dev-select")) world.items.set(path, items.map((item) => ({ ...item, score: 0 })));
    const selectBefore = world.evaluations.filter((request) => request.split === "dev-select").length;
    const view = await createSession(world.dependencies()).run(never);
    expect(event.type === "vault-opening" && event.nodeId).toBe(view.delivery?.nodeId);
    expect(world.evaluations.filter((request) => request.split === "dev-select").length).toBe(selectBefore);
  });
});

describe("pause, stop and resume", () => {
  async function haltedAtTraining(halt: "requestPause" | "requestStop"): Promise<{ world: World; view: RunView }> {
    let session = createSession(new World().dependencies());
    const world: World = new World({ ...small, beforeTraining: (_request, count) => { if (count === 8) session[halt](); return count === 8 ? { class: "CANCELLED", code: "trainer.cancelled", message: "stopped", hint: "" } : null; } });
    session = createSession(world.dependencies());
    return { world, view: await session.run(never) };
  }

  it.each([["requestPause", "paused"], ["requestStop", "stopped"]] as const)("%s leaves the run %s, and it goes on to its end", async (halt, status) => {
    const { world, view } = await haltedAtTraining(halt);
    expect(view.status).toBe(status);
    expect(view.phase).toContain("finished nodes were kept");
    expect(view.failure).toBeNull();
    const finished = view.nodes.filter((node) => node.finishedAt !== null).length;
    expect(finished).toBeGreaterThan(0);
    const resumed = await createSession(world.dependencies()).run(never);
    expect(resumed.status).toBe("done");
    expect(finishedNodes({ ...resumed, nodes: resumed.nodes.slice(0, finished) })).toEqual(finishedNodes({ ...view, nodes: view.nodes.slice(0, finished) }));
  });

  it("an aborted signal leaves the run interrupted", async () => {
    const aborted = new AbortController();
    const world = new World({ ...small, beforeTraining: () => { aborted.abort(); return { class: "CANCELLED", code: "trainer.cancelled", message: "stopped", hint: "" }; } });
    const view = await createSession(world.dependencies()).run(aborted.signal);
    expect(view.status).toBe("interrupted");
  });

  it("a finished run is left as it is", async () => {
    const world = new World(small);
    await createSession(world.dependencies()).run(never);
    const records = world.records.length;
    await createSession(world.dependencies()).run(never);
    expect(world.records.length).toBe(records);
  });

  it("refuses to go on with another model file", async () => {
    const { world } = await haltedAtTraining("requestPause");
    world.modelSha256 = "another";
    const view = await createSession(world.dependencies()).run(never);
    expect(view.status).toBe("failed");
    expect(view.failure?.code).toBe("model.changed");
    world.modelSha256 = "model-sha";
    expect((await createSession(world.dependencies()).run(never)).status).toBe("done");
  });
});
