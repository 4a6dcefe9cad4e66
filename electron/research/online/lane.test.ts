import { describe, expect, it } from "vitest";
import { ok } from "../../contract/index.js";
import { createLane, type Lane } from "./lane.js";

/** Time that passes only while somebody waits. */
function fakeTime(intervalMs: number): { lane: Lane; starts: number[]; clock: { now(): number }; pass(milliseconds: number): void } {
  let now = 1000;
  const starts: number[] = [];
  const clock = { now: () => now };
  const lane = createLane({ name: "The service", intervalMs, clock, wait: async (milliseconds) => { now += milliseconds; } });
  return { lane, starts, clock, pass: (milliseconds) => { now += milliseconds; } };
}
const never = new AbortController().signal;

describe("a service's lane", () => {
  it("starts one request at a time, never sooner than its interval, redirects included", async () => {
    const { lane, starts, clock, pass } = fakeTime(3000);
    let running = 0;
    const results = await Promise.all([1, 2, 3].map((value) => lane.run(async (pace) => {
      running += 1;
      expect(running).toBe(1);
      for (let hop = 0; hop < 2; hop += 1) {
        expect((await pace()).ok).toBe(true);
        starts.push(clock.now());
      }
      pass(100);
      await Promise.resolve();
      running -= 1;
      return ok(value);
    }, never)));
    expect(results.map((result) => result.ok && result.value)).toEqual([1, 2, 3]);
    expect(starts).toEqual([1000, 4000, 7000, 10_000, 13_000, 16_000]);
  });

  it("goes on after a task that throws", async () => {
    const { lane } = fakeTime(0);
    await expect(lane.run(async () => { throw new Error("broken"); }, never)).rejects.toThrow("broken");
    expect(await lane.run(async () => ok(2), never)).toEqual(ok(2));
  });

  it("says so instead of waiting long, when the service asked for a pause", async () => {
    const { lane, pass } = fakeTime(0);
    lane.holdOff(60_000);
    const refused = await lane.run(async (pace) => pace(), never);
    expect(refused).toMatchObject({ ok: false, error: { class: "ENV", code: "online.rate_limited", hint: "Try again in 60 seconds." } });
    pass(60_000);
    expect((await lane.run(async (pace) => pace(), never)).ok).toBe(true);
  });

  it("turns the ninth waiting request away, and those whose asker has gone", async () => {
    const { lane } = fakeTime(0);
    let finish = (): void => undefined;
    const first = lane.run(() => new Promise<ReturnType<typeof ok<number>>>((resolve) => { finish = () => { resolve(ok(0)); }; }), never);
    const gone = new AbortController();
    const others = Array.from({ length: 7 }, () => lane.run(async () => ok(1), gone.signal));
    expect(await lane.run(async () => ok(1), never)).toMatchObject({ ok: false, error: { code: "online.busy" } });
    gone.abort();
    await Promise.resolve();
    finish();
    expect((await first).ok).toBe(true);
    for (const other of await Promise.all(others)) expect(other).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
  });
});
