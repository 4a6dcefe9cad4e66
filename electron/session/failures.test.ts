import { describe, expect, it } from "vitest";
import { fail, ok, type Failure, type FailureClass, type RunView } from "../contract/index.js";
import { World, landscape, type WorldOptions } from "../../test/fixtures/session/world.js";
import { createSession, parseBudget } from "./index.js";

const never = new AbortController().signal;
const failure = (failureClass: FailureClass, code = "test.failed"): Failure => ({ class: failureClass, code, message: `${failureClass} happened.`, hint: "" });
const isFull = (request: { outDirectory: string }): boolean => request.outDirectory.endsWith("full");

async function runWith(options: WorldOptions): Promise<{ world: World; view: RunView }> {
  const world = new World({ ...options, task: { maxNodes: 9, ...options.task } });
  return { world, view: await createSession(world.dependencies()).run(never) };
}

/** Fails the first node's full training `times` times. */
function failing(failureClass: FailureClass, times: number): WorldOptions {
  let left = times;
  return { beforeTraining: (request) => (isFull(request) && request.outDirectory.includes("n005") && left-- > 0 ? failure(failureClass) : null) };
}

describe("a training that fails", () => {
  it.each([
    ["OOM", "tokensPerStep", 1024], ["DIVERGED", "learningRate", 1e-4], ["TIMEOUT", "epochs", 1],
  ] as const)("%s is mended once on the same node", async (failureClass, field, value) => {
    const { view, world } = await runWith(failing(failureClass, 1));
    const node = view.nodes.find((each) => each.id === "n005")!;
    expect(node.recipe.training?.[field]).toBeCloseTo(value, 10);
    expect(node.plan.numbers[field]?.by).toBe("repair");
    expect(node.status).toBe("done");
    expect(world.records.filter((record) => record.event.type === "recipe-repaired").length).toBe(1);
  });

  it.each(["DIVERGED", "TIMEOUT"] as const)("%s twice is a wrong implementation, and the search goes on elsewhere", async (failureClass) => {
    const { view } = await runWith(failing(failureClass, 2));
    const node = view.nodes.find((each) => each.id === "n005")!;
    expect([node.status, node.verdict, node.failure?.class]).toEqual(["failed", "implementation-wrong", failureClass]);
    expect(node.cost.trainSeconds).toBeGreaterThan(1);
    expect(view.nodes.find((each) => each.id === "n006")?.parent).not.toBe("n005");
    expect(view.status).toBe("done");
    expect(view.delivery?.kind).toBe("adapter");
  });

  it("CONFIG is not repaired", async () => {
    const { view, world } = await runWith(failing("CONFIG", 1));
    expect(view.nodes.find((each) => each.id === "n005")?.status).toBe("failed");
    expect(world.records.some((record) => record.event.type === "recipe-repaired")).toBe(false);
  });

  it("DATA means that the idea was wrong", async () => {
    const { view } = await runWith(failing("DATA", 1));
    expect(view.nodes.find((each) => each.id === "n005")?.verdict).toBe("idea-wrong");
  });

  it("twice for the machine's sake pauses the run, and resume goes on", async () => {
    let broken = true;
    const { view, world } = await runWith({ beforeTraining: (request) => (broken && isFull(request) ? failure("ENV") : null) });
    expect(view.status).toBe("paused");
    expect(view.failure?.message).toContain("2 experiments in a row");
    broken = false;
    expect((await createSession(world.dependencies()).run(never)).status).toBe("done");
  });

  it("gives up a search in which everything fails and delivers the base", async () => {
    const { view } = await runWith({ task: { maxNodes: 40 }, beforeTraining: () => failure("INTERNAL") });
    expect(view.status).toBe("done");
    expect(view.delivery?.kind).toBe("base");
    expect(view.nodes.filter((node) => node.status === "failed").length).toBe(6);
  });

  it("a full disk pauses the run in plain words, with the journal whole", async () => {
    let full = true;
    const { view, world } = await runWith({ beforeTraining: (request) => (full && isFull(request) ? failure("ENV", "store.disk_full") : null) });
    expect(view.status).toBe("paused");
    expect(view.phase).toContain("disk is full");
    expect(view.failure?.hint).toContain("Free some space");
    expect(view.nodes.some((node) => node.status === "failed")).toBe(false);
    full = false;
    expect((await createSession(world.dependencies()).run(never)).status).toBe("done");
  });

  it("a journal that takes no more records ends the run with the reason", async () => {
    const world = new World();
    const deps = world.dependencies();
    let appends = 0;
    const view = await createSession({ ...deps, journal: { records: () => world.records, append: async (event, options) => (++appends > 30 ? fail("ENV", "store.disk_full", "Cannot write: there is no space left on the disk.") : deps.journal.append(event, options)) } }).run(never);
    expect(view.status).toBe("paused");
    expect(view.failure?.class).toBe("ENV");
    expect(world.records.length).toBe(30);
  });
});

describe("memory", () => {
  it("shrinks the recipe until the plan fits, step by step", async () => {
    const { view, world } = await runWith({ fits: (request) => request.training.tokensPerStep <= 256 && request.training.rank <= 8 });
    const draft = view.nodes.find((node) => node.id === "n005")!;
    expect([draft.recipe.training?.tokensPerStep, draft.recipe.training?.rank, draft.recipe.training?.alpha]).toEqual([256, 8, 16]);
    const reasons = world.records.flatMap(({ event }) => (event.type === "recipe-repaired" && event.nodeId === "n005" ? [event.reason] : []));
    expect(reasons).toHaveLength(4);
    expect(draft.status).toBe("done");
    expect(draft.memory).toEqual({ plannedBytes: 1e8, actualPeakBytes: 1.1e8, classes: { weights: 9e7, activations: 1e7 } });
  });

  it("says what is needed when nothing fits", async () => {
    const { view } = await runWith({ fits: () => false });
    expect(view.nodes.find((node) => node.id === "n005")?.failure?.code).toBe("plan.does_not_fit");
    expect(view.delivery?.kind).toBe("base");
  });
});

describe("budget", () => {
  it.each([["90s", 90_000], ["10m", 600_000], ["2h", 7_200_000], ["1.5h", 5_400_000], [45, 45_000], ["45", 45_000], [" 3 M ", 180_000]] as const)("%s is %i ms", (text, ms) => {
    expect(parseBudget(text)).toEqual(ok(ms));
  });

  it.each(["", "soon", "-5m", "0s", "5d", "1e9", Number.NaN, -1, 0])("%s is refused", (text) => {
    const parsed = parseBudget(text);
    expect(parsed.ok ? "ok" : parsed.error.class).toBe("CONFIG");
  });

  it("refuses one in which nothing can be done, before anything is read", async () => {
    const { view, world } = await runWith({ task: { budget: "5s" } });
    expect([view.status, view.failure?.class, view.failure?.code]).toEqual(["failed", "CONFIG", "budget.too_small"]);
    expect(world.evaluations.length).toBe(0);
  });

  it("refuses one that the measured base model shows to be too small, and says what is needed", async () => {
    const world = new World({ task: { budget: "40s" } });
    const deps = world.dependencies();
    const view = await createSession({
      ...deps,
      evaluator: { ...deps.evaluator, evaluate: async (request, signal) => { world.skip(30_000); return deps.evaluator.evaluate(request, signal); } },
    }).run(never);
    expect(view.failure?.code).toBe("budget.too_small");
    expect(view.failure?.message).toMatch(/need about \d+ min/);
    expect(view.nodes[0]?.score).not.toBeNull();
    expect(view.nodes.length).toBe(1);
  });

  it("refuses one that holds no training of this size, after the micro-steps measured it", async () => {
    const { view } = await runWith({ task: { budget: "60s" }, tokensPerSecond: 10 });
    expect([view.failure?.class, view.failure?.code]).toEqual(["CONFIG", "budget.too_small"]);
    expect(view.failure?.hint).toMatch(/A budget of about .* would be enough/);
  });

  it("shortens a training that is too slow for the time left", async () => {
    const { view, world } = await runWith({ task: { budget: "4m" }, tokensPerSecond: 250 });
    const draft = view.nodes.find((node) => node.id === "n005")!;
    expect(draft.recipe.training!.epochs).toBeLessThan(2);
    expect(draft.plan.numbers.epochs?.by).toBe("repair");
    expect(draft.status).toBe("done");
    expect(world.clock.now()).toBeLessThan(240_000 * 1.1);
  });

  it("ends the search in time for the finalists and the vault", async () => {
    const { view, world } = await runWith({ task: { budget: "2m", maxNodes: 200 }, tokensPerSecond: 8000 });
    expect(view.status).toBe("done");
    expect(view.vault?.timesOpened).toBe(1);
    expect(world.clock.now()).toBeLessThan(120_000);
    expect(view.budget.spentMs).toBeGreaterThan(60_000);
    expect(view.budget.forecastMs).toBe(view.budget.spentMs);
    expect(view.nodes.some((node) => node.finalist?.seeds === 2)).toBe(true);
    expect(view.warnings.join()).not.toContain("time limit");
  });
});

describe("baselines and finalists", () => {
  it("a longer prompt that fails drops out; the plain base model may not", async () => {
    const shots = await runWith({ beforeEvaluation: (request) => (request.prompt.fewShot > 0 ? failure("CONFIG") : null) });
    expect(shots.view.status).toBe("done");
    expect(shots.view.nodes.filter((node) => node.kind === "baseline").map((node) => node.status)).toEqual(["done", "failed", "done", "failed"]);
    const plain = await runWith({ beforeEvaluation: () => failure("CONFIG", "model.refused") });
    expect([plain.view.status, plain.view.failure?.code]).toEqual(["failed", "model.refused"]);
  });

  it("a base model that could not be measured is measured after a resume", async () => {
    let broken = true;
    const { view, world } = await runWith({ beforeEvaluation: () => (broken ? failure("ENV") : null) });
    expect(view.status).toBe("paused");
    broken = false;
    const resumed = await createSession(world.dependencies()).run(never);
    expect(resumed.status).toBe("done");
    expect(resumed.nodes.slice(0, 3).map((node) => [node.status, node.parent])).toEqual([["failed", null], ["done", null], ["done", "n002"]]);
  });

  it("a second seed that disagrees lowers a finalist's score", async () => {
    const lucky = await runWith({ quality: (prompt, trained) => (trained === null ? landscape(prompt, null) : trained.request.outDirectory.endsWith("second-seed") ? 0.3 : 0.8) });
    const winner = lucky.view.nodes.find((node) => node.finalist?.seeds === 2)!;
    expect(winner.finalist!.score.score).toBeLessThan(0.65);
    expect(winner.finalist!.score.score).toBeGreaterThan(0.45);
  });

  it("an adapter that changed on disk is never delivered", async () => {
    const world = new World({ task: { maxNodes: 9 }, beforeEvaluation: (request) => { if (request.split === "dev-select") for (const adapter of world.adapters.values()) adapter.sha256 = "tampered"; return null; } });
    const view = await createSession(world.dependencies()).run(never);
    expect(view.delivery?.kind).not.toBe("adapter");
    expect(view.failure?.code).toBe("adapter.changed");
  });
});
