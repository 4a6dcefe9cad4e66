import { describe, expect, it } from "vitest";
import { makeNode, makeView, scored } from "../../testing/make-node.js";
import { roundTicks, scoreScale } from "../tree/score-scale.js";
import { scoreSeries } from "./score-series.js";

describe("scores in order", () => {
  it("keeps the place of every node and raises the best only on full scores", () => {
    const nodes = [makeNode({ id: "a", score: scored(0.3) }), makeNode({ id: "b", status: "failed" }), makeNode({ id: "c", pilot: scored(0.9) }), makeNode({ id: "d", score: scored(0.5), pilot: scored(0.8) }), makeNode({ id: "e", score: scored(0.4) })];
    expect(scoreSeries({ nodes }).map(({ order, estimate, pilotOnly, bestSoFar }) => [order, estimate.score, pilotOnly, bestSoFar])).toEqual([[1, 0.3, false, 0.3], [3, 0.9, true, 0.3], [4, 0.5, false, 0.5], [5, 0.4, false, 0.5]]);
  });
});

describe("the common scale", () => {
  it("does not exist before the first score", () => {
    expect(scoreScale(makeView({ nodes: [makeNode({ id: "a" })] }))).toBeNull();
  });
  it("covers all intervals and the noise band, and stays inside 0 to 1 for rates", () => {
    const scale = scoreScale(makeView({ nodes: [makeNode({ id: "a", kind: "baseline", score: scored(0.04) }), makeNode({ id: "b", score: scored(0.97) })], baselineNodeId: "a", noiseFloor: 0.03 }));
    expect(scale).toMatchObject({ low: 0, high: 1, baseline: 0.04 });
    expect(scale?.noiseBand?.map((edge) => Number(edge.toFixed(6)))).toEqual([-0.02, 0.1]);
    expect(scale?.at(5)).toBe(1);
  });
  it("gives a single point room on both sides", () => {
    const scale = scoreScale(makeView({ nodes: [makeNode({ id: "a", score: { score: 0.5, ci: [0.5, 0.5], n: 1 } })] }));
    expect(scale?.at(0.5)).toBeCloseTo(0.5);
  });
  it("labels axes with round values inside it", () => {
    expect(roundTicks(0.03, 0.96, 5)).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(roundTicks(-3.1, -1.2, 4)).toEqual([-3, -2.5, -2, -1.5]);
    expect(roundTicks(1, 1, 4)).toEqual([]);
  });
});
