import { describe, expect, it } from "vitest";
import { createArbiter } from "./arbiter.js";

const never = new AbortController().signal;

describe("the arbiter", () => {
  it("serves one tenant at a time, first come first served, and tells who holds", async () => {
    const arbiter = createArbiter({ beforeTrainer: async () => undefined });
    const seen: string[] = [];
    arbiter.subscribe((holder) => seen.push(holder));
    const endAgent = await arbiter.lease("agent", never);
    const order: string[] = [];
    const trainer = arbiter.lease("trainer", never).then((end) => { order.push("trainer"); return end; });
    const evaluator = arbiter.lease("evaluator", never).then((end) => { order.push("evaluator"); return end; });
    await endAgent();
    await endAgent();
    const endTrainer = await trainer;
    expect(order).toEqual(["trainer"]);
    await endTrainer();
    await (await evaluator)();
    expect(seen).toEqual(["agent", "trainer", "evaluator", "free"]);
    expect(arbiter.holder()).toBe("free");
  });

  it("ends the llama worker before the trainer gets its lease", async () => {
    let released = false;
    const arbiter = createArbiter({ beforeTrainer: async () => { await Promise.resolve(); released = true; } });
    await arbiter.lease("trainer", never);
    expect(released).toBe(true);
  });

  it("gives the memory back when the worker cannot be ended", async () => {
    const arbiter = createArbiter({ beforeTrainer: async () => { throw new Error("stuck"); } });
    await expect(arbiter.lease("trainer", never)).rejects.toThrow("stuck");
    expect(arbiter.holder()).toBe("free");
  });

  it("lets a waiting tenant leave without losing the lease for the others", async () => {
    const arbiter = createArbiter({ beforeTrainer: async () => undefined });
    const end = await arbiter.lease("agent", never);
    const impatient = new AbortController();
    const leaving = arbiter.lease("evaluator", impatient.signal);
    const staying = arbiter.lease("trainer", never);
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ failure: { class: "CANCELLED" } });
    await end();
    await staying;
    expect(arbiter.holder()).toBe("trainer");
  });
});
