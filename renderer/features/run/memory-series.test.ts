import { describe, expect, it } from "vitest";
import type { MemorySample } from "../../contract.js";
import { stackMemory } from "./memory-series.js";

const sample = (atMs: number, trainer: number): MemorySample => ({ atMs, kind: "ram", totalBytes: 100, bytes: { desktop: 10, agent: 5, trainer, evaluator: 1, free: 84 - trainer }, powerWatts: null, temperatureCelsius: null, utilization: null });

describe("the memory chart", () => {
  it("stacks the holders bottom to top", () => {
    expect(stackMemory([sample(0, 20), sample(1000, 30)])?.edges).toEqual([[10, 10], [15, 15], [16, 16], [36, 46]]);
  });
  it("starts at zero and keeps rising when a resumed run starts a new clock", () => {
    expect(stackMemory([sample(5000, 1), sample(7000, 1), sample(0, 1), sample(2000, 1)])?.seconds).toEqual([0, 2, 3, 5]);
  });
  it("is nothing without readings", () => {
    expect(stackMemory([])).toBeNull();
  });
});
