import { describe, expect, it } from "vitest";
import { createSession, foldRun } from "./index.js";
import { runViewSchema, type RunView } from "../contract/index.js";
import { World, canary, type WorldOptions } from "../../test/fixtures/session/world.js";

const never = new AbortController().signal;

async function runWhole(options: WorldOptions = {}): Promise<{ world: World; view: RunView }> {
  const world = new World(options);
  const view = await createSession(world.dependencies()).run(never);
  return { world, view };
}

describe("a whole run", () => {
  it("explores, backtracks, opens the vault once and delivers what beat the base", async () => {
    const { world, view } = await runWhole();
    expect(view.failure).toBeNull();
    expect(view.status).toBe("done");
    expect(view.nodes.length).toBeGreaterThanOrEqual(8);
    expect(view.backtracks).toBeGreaterThanOrEqual(1);
    expect(view.nodes.filter((node) => node.kind === "baseline").map((node) => node.status)).toEqual(["done", "done", "done", "done"]);
    expect(view.vault?.timesOpened).toBe(1);
    expect(view.vault!.ci[0]).toBeGreaterThan(view.baseline!.ci[1]);
    expect(view.vault!.pValue).toBeLessThan(0.01);
    expect(view.delivery?.kind).toBe("adapter");
    expect(view.delivery?.adapterPath).toBe(view.nodes.find((node) => node.id === view.delivery?.nodeId)?.adapterPath);
    expect(world.reports.map((report) => report.runId)).toEqual(["run-1"]);
    expect(runViewSchema.parse(view)).toEqual(view);
  });

  it("counts every gain from the best baseline and judges each trained node", async () => {
    const { view } = await runWhole();
    const base = view.nodes.find((node) => node.id === view.baselineNodeId)!;
    expect(Math.max(...view.nodes.filter((node) => node.kind === "baseline").map((node) => node.score!.score))).toBe(base.score!.score);
    for (const node of view.nodes.filter((each) => each.status === "done" && each.kind !== "baseline")) {
      expect(node.gain!.score).toBeCloseTo(node.score!.score - base.score!.score, 10);
      expect(["gain", "within-noise", "worse"]).toContain(node.verdict);
      expect(node.insight).not.toBeNull();
    }
    expect(view.nodes.some((node) => node.verdict === "gain")).toBe(true);
    expect(view.noiseFloor).toBeGreaterThan(0);
  });

  it("adds up what was spent, over every event", async () => {
    const { view } = await runWhole({ energyJoules: (nowMs) => nowMs / 10 });
    const nodes = view.nodes.reduce((sum, node) => sum + node.cost.trainSeconds, 0);
    expect(view.cost.trainSeconds).toBeCloseTo(nodes, 6);
    expect(view.cost.evalSeconds).toBeGreaterThan(view.nodes.reduce((sum, node) => sum + node.cost.evalSeconds, 0));
    expect(view.cost.agentTokens).toBe(10 * view.nodes.filter((node) => node.decision !== null).length + 5 * view.nodes.filter((node) => node.insight !== null && node.status !== "failed").length);
    // The fake meter burns 100 watts all the time.
    const booked = view.cost.trainSeconds + view.cost.evalSeconds + view.cost.agentSeconds;
    expect(view.cost.energyJoules).toBeCloseTo(booked * 100, 3);
    expect(view.cost.totalSeconds).toBeCloseTo(view.budget.spentMs / 1000, 6);
  });

  it("says null where nothing measures energy", async () => {
    expect((await runWhole()).view.cost.energyJoules).toBeNull();
  });

  it("gives the same run for the same seed and another one for another seed", async () => {
    const [first, again, other] = [await runWhole(), await runWhole(), await runWhole({ task: { seed: 2 } })];
    expect(again.view).toEqual(first.view);
    expect(other.view.nodes.map((node) => node.recipe)).not.toEqual(first.view.nodes.map((node) => node.recipe));
  });

  it("never shows a planner anything of dev-select or the vault, and bounds what it shows", async () => {
    const { world } = await runWhole({ task: { maxNodes: 40 } });
    const shown = JSON.stringify([world.plannerContexts, world.diagnoses]);
    expect(world.plannerContexts.length).toBeGreaterThan(5);
    expect(world.evaluations.some((request) => request.split === "vault")).toBe(true);
    expect(shown).not.toContain(canary);
    expect(shown).not.toContain("dev-select");
    expect(shown).not.toContain("vault");
    for (const context of world.plannerContexts) {
      expect(context.menu.length).toBeGreaterThan(0);
      expect(context.path.length).toBeLessThanOrEqual(6);
      expect(context.insights.length).toBeLessThanOrEqual(5);
      expect(JSON.stringify(context).length).toBeLessThan(24_000);
    }
  });

  it("keeps sealed answers out of the journal, too", async () => {
    expect(JSON.stringify((await runWhole()).world.records)).not.toContain(canary);
  });

  it("never tries the same recipe twice", async () => {
    const { view } = await runWhole({ task: { maxNodes: 30 } });
    const recipes = view.nodes.map((node) => JSON.stringify(node.recipe));
    expect(new Set(recipes).size).toBe(recipes.length);
  });

  it("ends every lease it takes", async () => {
    const { world } = await runWhole();
    const taken = world.holders.filter((holder) => holder !== "free");
    expect(world.holders.length).toBe(2 * taken.length);
    world.holders.forEach((holder, index) => expect(holder === "free").toBe(index % 2 === 1));
  });

  it("gives a whole view for every beginning of its journal", async () => {
    const { world } = await runWhole();
    for (let length = 0; length <= world.records.length; length += 1) {
      const parsed = runViewSchema.safeParse(foldRun(world.records.slice(0, length)));
      expect(parsed.error?.message ?? "", `after ${length} records`).toBe("");
    }
  });

  it("folds to the very view it pushed", async () => {
    const world = new World();
    const pushed: RunView[] = [];
    const view = await createSession({ ...world.dependencies(), onChange: (next) => pushed.push(next) }).run(never);
    expect(pushed.at(-1)).toEqual(view);
    expect(foldRun(world.records)).toEqual(view);
  });
});

describe("nothing beats the base", () => {
  it("says so and delivers the base", async () => {
    const { view, world } = await runWhole({ quality: (prompt, trained) => (trained === null ? 0.5 + prompt.fewShot / 100 : 0.3) });
    expect(view.status).toBe("done");
    expect(view.delivery?.kind).toBe("base");
    expect(view.delivery?.reason).toContain("Nothing that was trained beat the prompted base");
    expect(view.delivery?.nodeId).toBe(view.baselineNodeId);
    // The prompt is held against the bare model: two models on the vault, one opening.
    expect(view.vault?.timesOpened).toBe(1);
    expect(world.evaluations.filter((request) => request.split === "vault").map((request) => request.prompt.fewShot > 0)).toEqual([false, true]);
    expect(world.evaluations.filter((request) => request.split === "dev-select").length).toBe(0);
  });

  it("delivers the bare base model when no prompt beats it either, with one model on the vault", async () => {
    const { view, world } = await runWhole({ quality: (prompt, trained) => (trained === null && prompt.fewShot === 0 && prompt.system === null ? 0.5 : 0.3) });
    expect(view.delivery).toMatchObject({ kind: "base", nodeId: "n001" });
    expect(view.vault?.gain.score).toBe(0);
    expect(world.evaluations.filter((request) => request.split === "vault").length).toBe(1);
  });

  it("delivers a prompt where only that surely beats the bare model, and says so", async () => {
    const { view } = await runWhole({ quality: (prompt, trained) => (trained === null && prompt.fewShot > 0 ? 0.9 : 0.2) });
    expect(view.delivery).toMatchObject({ kind: "prompt", nodeId: view.baselineNodeId, adapterPath: null });
    expect(view.vault!.gain.ci[0]).toBeGreaterThan(0);
    expect(view.nodes.find((node) => node.id === view.delivery?.nodeId)?.recipe).toMatchObject({ training: null });
  });

  it("trains nothing into the delivery where the user wants a prompt only", async () => {
    const { view, world } = await runWhole({ task: { constraints: { deliver: "prompt" } } });
    expect(world.trainings).toEqual([]);
    expect(view.nodes.length).toBeGreaterThan(4);
    expect(["prompt", "base"]).toContain(view.delivery?.kind);
    expect(view.delivery?.adapterPath).toBeNull();
  });

  it("delivers the base when the vault does not confirm the gain", async () => {
    // A tiny gain: one item of dev-search or so, far inside the vault's noise.
    const { view } = await runWhole({ quality: (_prompt, trained) => (trained === null ? 0.5 : 0.56) });
    expect(view.delivery?.kind).toBe("base");
    expect(view.vault!.pValue).toBeGreaterThan(0.05);
    expect(view.delivery?.reason).toContain("not surely above zero");
  });

  it("delivers the base when the regression gate fails", async () => {
    const { view } = await runWhole({ regressionPasses: false });
    expect(view.delivery?.kind).toBe("base");
    expect(view.delivery?.reason).toContain("empty input");
  });
});
