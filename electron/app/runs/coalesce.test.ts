import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPushHub } from "../push-hub.js";
import { coalesce } from "./coalesce.js";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe("coalescing", () => {
  it("hands on the first at once, then the newest after the interval, then nothing more", () => {
    const seen: number[] = [];
    const values = coalesce<number>(100, (value) => seen.push(value));
    values.push(1);
    values.push(2);
    values.push(3);
    expect(seen).toEqual([1]);
    vi.advanceTimersByTime(100);
    expect(seen).toEqual([1, 3]);
    vi.advanceTimersByTime(1_000);
    expect(seen).toEqual([1, 3]);
  });

  it("never hands on more than one an interval, however many come", () => {
    const seen: number[] = [];
    const values = coalesce<number>(100, (value) => seen.push(value));
    for (let at = 0; at < 1_000; at += 10) {
      values.push(at);
      vi.advanceTimersByTime(10);
    }
    expect(seen.length).toBeLessThanOrEqual(11);
    expect(seen.at(-1)).toBeGreaterThan(880);
  });

  it("loses no last value at the end", () => {
    const seen: number[] = [];
    const values = coalesce<number>(100, (value) => seen.push(value));
    values.push(1);
    values.push(2);
    values.flush();
    expect(seen).toEqual([1, 2]);
  });
});

describe("the push hub", () => {
  it("numbers without a gap, for all listeners alike", () => {
    const hub = createPushHub();
    const first: number[] = [];
    const second: number[] = [];
    hub.subscribe((push) => first.push(push.sequence));
    hub.send({ type: "runs-changed" });
    const leave = hub.subscribe((push) => second.push(push.sequence));
    hub.send({ type: "runs-changed" });
    leave();
    hub.send({ type: "runs-changed" });
    expect(first).toEqual([1, 2, 3]);
    expect(second).toEqual([2]);
    expect(hub.sequence()).toBe(3);
  });
});
