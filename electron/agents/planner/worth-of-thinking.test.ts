import { describe, expect, it } from "vitest";
import type { ThinkingRecord } from "../../contract/index.js";
import { worthOfThinking } from "./worth-of-thinking.js";

const minute = 60_000;
const record = (more: Partial<ThinkingRecord>): ThinkingRecord => ({ decidedBy: "language-model", thinkingMs: minute / 2, tokens: 500, nodeMs: minute, improvement: 0, noise: 0.02, ...more });
const house = (improvement: number): ThinkingRecord => record({ decidedBy: "house-planner", thinkingMs: 0, tokens: 0, improvement });
const many = (count: number, one: () => ThinkingRecord): ThinkingRecord[] => Array.from({ length: count }, one);
const budget = { remainingMs: 60 * minute };

describe("worthOfThinking", () => {
  it("does not judge after a few answers", () => {
    expect(worthOfThinking([], budget).retire).toBe(false);
    expect(worthOfThinking([...many(4, () => record({})), ...many(4, () => house(0.1))], budget).retire).toBe(false);
  });

  it("keeps a model whose experiments gain more than what its thinking costs", () => {
    const history = [...many(6, () => record({ improvement: 0.05 })), ...many(6, () => house(0.01))];
    expect(worthOfThinking(history, budget)).toMatchObject({ retire: false });
  });

  it("retires a model that earns less in its time than the rules do, and says by how much", () => {
    const history = [...many(6, () => record({ improvement: 0.004 })), ...many(6, () => house(0.03))];
    expect(worthOfThinking(history, budget)).toMatchObject({ retire: true, reason: expect.stringMatching(/noises a minute/) as string });
  });

  it("counts thinking as a cost: equal gains with dear thinking lose, with cheap thinking stay", () => {
    const equal = (thinkingMs: number): ThinkingRecord[] => [...many(8, () => record({ improvement: 0.02, thinkingMs })), ...many(8, () => house(0.02))];
    expect(worthOfThinking(equal(3 * minute), budget).retire).toBe(true);
    expect(worthOfThinking(equal(minute / 20), budget).retire).toBe(false);
  });

  it("retires a model whose answers cannot be used", () => {
    expect(worthOfThinking([...many(4, () => record({ decidedBy: "house-planner" })), record({ improvement: 0.1 })], budget)).toMatchObject({ retire: true, reason: expect.stringContaining("80 %") as string });
  });

  it("retires a model that improved nothing in eight experiments, unless it thinks for next to nothing", () => {
    expect(worthOfThinking(many(8, () => record({})), budget).retire).toBe(true);
    expect(worthOfThinking(many(8, () => record({ thinkingMs: 100 })), budget).retire).toBe(false);
  });

  it("retires a model that cannot answer once more in the time left", () => {
    expect(worthOfThinking(many(6, () => record({ improvement: 0.1 })), { remainingMs: minute / 2 }).retire).toBe(true);
  });

  it("lets no single lucky result decide", () => {
    const history = [...many(6, () => record({ improvement: 0.01 })), ...many(3, () => house(0.01)), house(5)];
    expect(worthOfThinking(history, budget).retire).toBe(worthOfThinking([...history.slice(0, -1), house(0.1)], budget).retire);
  });

  it("ignores what the host and the user decided", () => {
    expect(worthOfThinking([...many(20, () => record({ decidedBy: "user" })), ...many(3, () => record({}))], budget).reason).toContain("3 times");
  });
});
