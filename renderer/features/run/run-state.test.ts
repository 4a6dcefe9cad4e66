import { describe, expect, it } from "vitest";
import { runStatuses } from "../../contract.js";
import { makeNode, makeView } from "../../testing/make-node.js";
import { memoryPlanError } from "./memory-plan-error.js";
import { budgetShares, focusNodeId, runState } from "./run-state.js";
import { resultSummary } from "./result-summary.js";

describe("what can be done with a run", () => {
  it.each(runStatuses)("%s: never pause and resume at once, and only working runs can be stopped", (status) => {
    const state = runState(status);
    expect(state.canPause && state.canResume).toBe(false);
    expect(state.canStop).toBe(state.active);
    expect(state.canPause).toBe(state.active);
  });
  it("offers to go on with whatever rests, except what is done", () => {
    expect(runStatuses.filter((status) => runState(status).canResume)).toEqual(["paused", "stopped", "failed", "interrupted"]);
  });
});

describe("the budget bar", () => {
  const budget = { totalMs: 1000, spentMs: 400, forecastMs: 900 };
  it("runs on while the run works, but not past the budget by itself", () => {
    expect(budgetShares(budget, true, 0, 100)).toEqual({ spent: 0.5, forecast: 0.9, spentMs: 500 });
    expect(budgetShares(budget, true, 0, 10_000).spentMs).toBe(1000);
  });
  it("stands still while the run rests", () => {
    expect(budgetShares(budget, false, 0, 10_000).spentMs).toBe(400);
  });
  it("shows what the host says was overspent, and a clock set back changes nothing", () => {
    expect(budgetShares({ ...budget, spentMs: 1200 }, true, 0, 50)).toMatchObject({ spent: 1, spentMs: 1200 });
    expect(budgetShares(budget, true, 500, 100).spentMs).toBe(400);
  });
});

describe("what the details show by themselves", () => {
  const nodes = [makeNode({ id: "a" }), makeNode({ id: "b", status: "running" }), makeNode({ id: "c" })];
  it("prefers what runs, then what was delivered, then the best, then the first", () => {
    expect(focusNodeId(makeView({ nodes, bestNodeId: "a" }))).toBe("b");
    expect(focusNodeId(makeView({ nodes: nodes.filter((node) => node.id !== "b"), bestNodeId: "a", delivery: { kind: "adapter", nodeId: "c", adapterPath: "x", reportPath: "y", reason: "" } }))).toBe("c");
    expect(focusNodeId(makeView({ nodes: [nodes[0]!], bestNodeId: null }))).toBe("a");
    expect(focusNodeId(makeView())).toBeNull();
  });
});

describe("the result in one line", () => {
  const delivery = { kind: "adapter", nodeId: "c", adapterPath: "x", reportPath: "y", reason: "" } as const;
  const vault = (low: number, high: number): NonNullable<ReturnType<typeof makeView>["vault"]> => ({ score: 0.8, ci: [0.7, 0.9], n: 100, timesOpened: 1, nodeId: "c", comparedWith: "b", gain: { score: (low + high) / 2, ci: [low, high], n: 100 }, pValue: 0.01 });
  it("calls a gain one only when its whole interval lies above zero", () => {
    expect(resultSummary({ delivery, vault: vault(0.01, 0.2) }).tone).toBe("gain");
    expect(resultSummary({ delivery, vault: vault(0, 0.2) }).tone).toBe("warn");
    expect(resultSummary({ delivery: { ...delivery, kind: "base", adapterPath: null }, vault: vault(0.01, 0.2) }).badge).toBe("Base model kept");
  });
});

describe("planned and used memory", () => {
  it("is off by a share of what was used", () => {
    expect(memoryPlanError({ plannedBytes: 110, actualPeakBytes: 100 })).toBeCloseTo(0.1);
    expect(memoryPlanError({ plannedBytes: 110, actualPeakBytes: null })).toBeNull();
    expect(memoryPlanError({ plannedBytes: 110, actualPeakBytes: 0 })).toBeNull();
  });
});
