import { describe, expect, it } from "vitest";
import type { RunView, SteeringAction } from "../contract/index.js";
import { World, type WorldOptions } from "../../test/fixtures/session/world.js";
import { createSession, foldRun, steerAtRest, type Session } from "./index.js";

const never = new AbortController().signal;

/** Runs, and lets `act` steer before the given proposal (1 is the first one). */
async function steered(act: (session: Session, view: RunView) => Promise<void>, before: number, options: WorldOptions = {}): Promise<{ world: World; view: RunView }> {
  let proposals = 0;
  const holder: { session: Session | null } = { session: null };
  const world = new World({
    ...options,
    beforeProposal: async () => {
      proposals += 1;
      if (proposals === before) await act(holder.session!, holder.session!.view());
    },
  });
  holder.session = createSession(world.dependencies());
  return { world, view: await holder.session.run(never) };
}

const expectOk = async (session: Session, action: SteeringAction): Promise<void> => {
  const result = await session.steer(action);
  expect(result.ok ? "" : result.error.message).toBe("");
};

describe("a user steers a working run", () => {
  it("branches from a node with one changed field, as the next experiment, and leaves everything else of the recipe", async () => {
    const { view, world } = await steered((session) => expectOk(session, { kind: "branch", nodeId: "n005", change: { field: "learningRate", value: 0.0017 } }), 2);
    const node = view.nodes.find((each) => each.decidedBy === "user")!;
    const parent = view.nodes.find((each) => each.id === "n005")!;
    expect(node).toMatchObject({ parent: "n005", axis: "optimization", plan: { numbers: { learningRate: { value: 0.0017, by: "user" } } } });
    expect(node.recipe).toEqual({ ...parent.recipe, training: { ...parent.recipe.training, learningRate: 0.0017 } });
    expect(view.steering.branches).toEqual([]);
    // Asked for while the second proposal was made: it runs right after that one.
    expect(node.id).toBe("n008");
    expect(world.records.filter((record) => record.event.type === "steered").length).toBe(1);
  });

  it("grows from a pinned node until it has nothing left, and never from a pruned one", async () => {
    const pinned = await steered((session) => expectOk(session, { kind: "pin", nodeId: "n005" }), 1, { task: { maxNodes: 12 } });
    expect(pinned.view.nodes.slice(6).map((node) => node.parent)).toEqual(pinned.view.nodes.slice(6).map(() => "n005"));
    const pruned = await steered((session) => expectOk(session, { kind: "prune", nodeId: "n005" }), 1, { task: { maxNodes: 16 } });
    const below = new Set(["n005"]);
    for (const node of pruned.view.nodes) if (node.parent !== null && below.has(node.parent)) below.add(node.id);
    // The proposal at hand when the user pruned may still hang there.
    expect([...below].filter((id) => id > "n006")).toEqual([]);
    expect(pruned.view.steering.pruned).toEqual(["n005"]);
  });

  it("ends the node that runs when it is pruned, keeps its cost, and goes on", async () => {
    const holder: { session: Session | null } = { session: null };
    let cut = false;
    const world = new World({
      beforeTraining: (request) => {
        if (!cut && request.outDirectory.includes("n006")) {
          cut = true;
          void holder.session!.steer({ kind: "prune", nodeId: "n006" });
        }
        return null;
      },
    });
    holder.session = createSession(world.dependencies());
    const view = await holder.session.run(never);
    expect(view.nodes.find((node) => node.id === "n006")).toMatchObject({ status: "cancelled", verdict: null, failure: null });
    expect(view.status).toBe("done");
    expect(view.nodes.length).toBeGreaterThan(8);
    expect(view.nodes.filter((node) => node.parent === "n006")).toEqual([]);
  });

  it("shows hints to the planner as material with an id, newest first, until they are removed", async () => {
    const { world, view } = await steered(async (session) => {
      await expectOk(session, { kind: "hint", text: "Rows from May are noisy." });
      await expectOk(session, { kind: "hint", text: "Look at dates." });
      await expectOk(session, { kind: "remove-hint", hintId: "s1" });
    }, 2);
    expect(world.plannerContexts[0]!.hints).toEqual([]);
    expect(world.plannerContexts.at(-1)!.hints).toEqual([{ id: "s2", text: "Look at dates." }]);
    expect(view.nodes.at(-1)!.decision!.known.hints).toEqual(["s2"]);
  });

  it("ends the search when the budget is cut below what is spent, and still delivers", async () => {
    const { view } = await steered((session) => expectOk(session, { kind: "budget", totalMs: 1000 }), 3, { task: { maxNodes: 40 } });
    expect(view.nodes.length).toBeLessThan(10);
    expect(view.budget.totalMs).toBe(1000);
    expect(view.delivery).not.toBeNull();
  });

  it("goes on longer with a raised budget", async () => {
    const short = new World({ task: { budget: "60s", maxNodes: 40 } });
    const without = await createSession(short.dependencies()).run(never);
    const { view } = await steered((session) => expectOk(session, { kind: "budget", totalMs: 400_000 }), 1, { task: { budget: "60s", maxNodes: 40 } });
    expect(view.nodes.length).toBeGreaterThan(without.nodes.length);
  });

  it("refuses what makes no sense with a sentence, and writes nothing", async () => {
    const refusals: string[] = [];
    const { world } = await steered(async (session) => {
      const actions: SteeringAction[] = [
        { kind: "pin", nodeId: "n999" }, { kind: "unpin", nodeId: "n005" }, { kind: "prune", nodeId: "n001" }, { kind: "restore", nodeId: "n005" },
        { kind: "branch", nodeId: "n001", change: { field: "rank", value: 8 } }, { kind: "branch", nodeId: "n005", change: { field: "learningRate", value: 5 } },
        { kind: "branch", nodeId: "n005", change: { field: "schedule", value: "cosine" } }, { kind: "remove-hint", hintId: "s9" },
      ];
      for (const action of actions) {
        const result = await session.steer(action);
        expect(result.ok, JSON.stringify(action)).toBe(false);
        if (!result.ok) refusals.push(result.error.message);
      }
    }, 2);
    expect(new Set(refusals).size).toBe(refusals.length);
    expect(world.records.some((record) => record.event.type === "steered")).toBe(false);
  });
});

describe("a user steers a run at rest", () => {
  it("goes on from the action when it is resumed, and refuses a run whose search has ended", async () => {
    const world = new World();
    await expect(createSession(world.dependencies(60)).run(never)).rejects.toThrow("killed");
    const journal = world.dependencies().journal;
    const node = foldRun(world.records).nodes.findLast((each) => each.status === "done" && each.recipe.training !== null)!;
    expect((await steerAtRest(journal, { kind: "branch", nodeId: node.id, change: { field: "epochs", value: 3.3 } })).ok).toBe(true);
    const view = await createSession(world.dependencies()).run(never);
    expect(view.nodes.filter((each) => each.decidedBy === "user").map((each) => each.recipe.training?.epochs)).toEqual([3.3]);
    const late = await steerAtRest(world.dependencies().journal, { kind: "hint", text: "too late" });
    expect(late).toMatchObject({ ok: false, error: { code: "steer.search_ended" } });
  });
});
