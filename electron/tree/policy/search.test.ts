import { describe, expect, it } from "vitest";
import type { Axis, MoveId } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { bestNode, broughtGain, defaultSearchOptions, isBacktrack, isDeadEnd, nodeStatistics, quotaMenu, sampleCandidate, type SearchNode } from "../index.js";

const node = (id: string, parent: string | null, reward: number | null, change: Partial<SearchNode> = {}): SearchNode => ({
  id, parent, kind: parent === null ? "baseline" : "improve", axis: "data", status: "done", verdict: null, reward, openMoves: 5, ...change,
});
const failed = (id: string, parent: string, verdict: "implementation-wrong" | "idea-wrong" = "implementation-wrong"): SearchNode => node(id, parent, null, { status: "failed", verdict });
const options = { ...defaultSearchOptions, wideningFactor: 1 };

describe("nodeStatistics", () => {
  it("backs up visits and rewards to the root", () => {
    const statistics = nodeStatistics([node("r", null, 0.2), node("a", "r", 0.5), node("b", "a", 0.6), node("c", "r", 0.4)]);
    expect(statistics.get("r")).toMatchObject({ visits: 4 });
    expect(statistics.get("r")!.total).toBeCloseTo(1.7, 12);
    expect(statistics.get("a")).toMatchObject({ visits: 2, total: 1.1 });
    expect(statistics.get("r")!.children.map((child) => child.id)).toEqual(["a", "c"]);
  });

  it("counts a node that another branch came to first for both parents, and only there", () => {
    const tree = [node("r", null, 0.2), node("a", "r", 0.5), node("b", "r", 0.4), node("c", "a", 0.8)];
    const statistics = nodeStatistics(tree, new Map([["b", ["c"]]]));
    expect(statistics.get("b")).toMatchObject({ visits: 2, total: 1.2000000000000002 });
    expect(statistics.get("b")!.children.map((child) => child.id)).toEqual(["c"]);
    expect(statistics.get("a")!.visits).toBe(2);
    expect(statistics.get("r")!.visits).toBe(4);
  });

  it("counts failures as visits: the parent's mean when the implementation failed, the worst reward when the idea was wrong", () => {
    const tree = [node("r", null, 0.2), node("a", "r", 0.6)];
    expect(nodeStatistics([...tree, failed("x", "a")]).get("a")).toMatchObject({ visits: 2, total: 1.2 });
    expect(nodeStatistics([...tree, failed("x", "a", "idea-wrong")]).get("a")).toMatchObject({ visits: 2, total: 0.8 });
    expect(nodeStatistics([...tree, node("x", "a", null, { status: "pruned" })]).get("a")).toMatchObject({ visits: 2, total: 0.8 });
    expect(nodeStatistics([...tree, node("x", "a", null, { status: "running" })]).get("a")!.visits).toBe(2);
    expect(nodeStatistics([...tree, node("x", "a", null, { status: "cancelled" })]).get("a")!.visits).toBe(1);
    expect(nodeStatistics([...tree, node("x", "a", 0.9, { kind: "seed-repeat" })]).get("a")!.visits).toBe(1);
  });
});

describe("gains and dead ends", () => {
  const tree = [node("r", null, 0.2), node("a", "r", 0.5)];
  it("a gain must beat the parent by more than the noise", () => {
    expect(broughtGain(node("b", "a", 0.55), tree, 0.04)).toBe(true);
    expect(broughtGain(node("b", "a", 0.53), tree, 0.04)).toBe(false);
    expect(broughtGain(failed("b", "a"), tree, 0)).toBe(false);
  });

  it("closes a node after two children in a row without a gain, and not when one of them gained", () => {
    const dead = (...children: readonly SearchNode[]): boolean => isDeadEnd(tree[1]!, [...tree, ...children], options);
    expect(dead(node("b", "a", 0.5))).toBe(false);
    expect(dead(node("b", "a", 0.5), failed("c", "a"))).toBe(true);
    expect(dead(node("b", "a", 0.5), node("c", "a", 0.7))).toBe(false);
    expect(dead(node("b", "a", 0.7), node("c", "a", 0.5), node("d", "a", null, { status: "pruned" }))).toBe(true);
    expect(dead(node("b", "a", 0.5), node("c", "a", null, { status: "running" }))).toBe(false);
    expect(dead(node("b", "a", 0.5, { kind: "seed-repeat" }), failed("c", "a"))).toBe(false);
  });

  it("closes what failed, was stopped or is clearly worse than its parent", () => {
    const noisy = { ...options, minimumGain: 0.05 };
    expect(isDeadEnd(failed("b", "a"), tree, noisy)).toBe(true);
    expect(isDeadEnd(node("b", "a", 0.4), tree, noisy)).toBe(true);
    expect(isDeadEnd(node("b", "a", 0.47), tree, noisy)).toBe(false);
  });

  it("finds the best finished node, the older on a tie, never a repeat", () => {
    expect(bestNode([...tree, node("b", "a", 0.5), node("s", "a", 0.9, { kind: "seed-repeat" }), node("p", "a", 0.9, { status: "pruned" })])?.id).toBe("a");
    expect(bestNode([])).toBeNull();
  });
});

describe("isBacktrack", () => {
  const tree = [node("r", null, 0.2), node("a", "r", 0.5), node("b", "a", 0.4)];
  it("is turning back from a node without gain", () => {
    expect(isBacktrack(tree, "a")).toBe(true);
    expect(isBacktrack(tree, "r")).toBe(true);
    expect(isBacktrack(tree, "b")).toBe(false);
  });
  it("is not going elsewhere after a gain, nor going on below, nor the start", () => {
    expect(isBacktrack([...tree.slice(0, 2), node("b", "a", 0.6)], "r")).toBe(false);
    expect(isBacktrack([...tree, node("c", "b", null, { status: "running" })], "c")).toBe(false);
    expect(isBacktrack([tree[0]!], "r")).toBe(false);
    expect(isBacktrack([tree[0]!, node("few", "r", 0.1, { kind: "baseline" })], "r")).toBe(false);
  });
  it("measures a gain against the noise", () => {
    const close = [...tree.slice(0, 2), node("b", "a", 0.52)];
    expect(isBacktrack(close, "r", 0.05)).toBe(true);
    expect(isBacktrack(close, "r", 0.01)).toBe(false);
  });
});

describe("quotaMenu", () => {
  const menu: MoveId[] = ["learning-rate", "drop-long", "rank"];
  it("rests an axis after three in a row and above half of the last moves", () => {
    expect(quotaMenu(menu, [])).toEqual(menu);
    expect(quotaMenu(menu, ["data", "data", "data"])).toEqual(["learning-rate", "rank"]);
    expect(quotaMenu(menu, ["data", "capacity", "data", "optimization", "data"])).toEqual(["learning-rate", "rank"]);
    expect(quotaMenu(menu, ["data", "capacity", "data", "optimization"])).toEqual(["learning-rate", "rank"]);
    expect(quotaMenu(menu, ["data", "capacity", "prompt", "optimization", "capacity"])).toEqual(menu);
  });
  it("never empties the menu", () => {
    const stuck: Axis[] = ["data", "data", "data", "capacity", "capacity"];
    expect(quotaMenu(["drop-long", "halve-data"], ["data", "data", "data"])).toEqual(["drop-long", "halve-data"]);
    expect(quotaMenu(["drop-long", "rank"], [...stuck, "capacity", "capacity", "data"])).not.toHaveLength(0);
  });
});

describe("candidates", () => {
  const candidates = [["rank", 0.6], ["dropout", 0.3], ["schedule", 0.1]].map(([move, probability]) => ({ move: move as MoveId, probability: probability as number, hypothesis: "" }));
  it("are drawn as often as their probability says", () => {
    const random = createRandom(2);
    const counts: Record<string, number> = {};
    for (let draw = 0; draw < 5000; draw += 1) {
      const { move } = sampleCandidate(candidates, random);
      counts[move] = (counts[move] ?? 0) + 1 / 5000;
    }
    for (const { move, probability } of candidates) expect(counts[move]).toBeCloseTo(probability, 1);
  });
  it("survive a planner's bad arithmetic", () => {
    const zero = candidates.map((each) => ({ ...each, probability: 0 }));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => sampleCandidate(zero, createRandom(seed)).move)).size).toBe(3);
    const odd = [{ ...candidates[0]!, probability: Number.NaN }, { ...candidates[1]!, probability: 7 }];
    for (let seed = 0; seed < 20; seed += 1) expect(sampleCandidate(odd, createRandom(seed)).move).toBe("dropout");
    expect(sampleCandidate(candidates, () => 0.999999999).move).toBe("schedule");
    expect(() => sampleCandidate([], createRandom(1))).toThrow(RangeError);
  });
});
