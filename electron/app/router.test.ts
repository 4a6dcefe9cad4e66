import { describe, expect, it } from "vitest";
import { FailureError, channels, ok, type ChannelName } from "../contract/index.js";
import { createRouter, type Handlers } from "./router.js";

const bugs: unknown[] = [];
function routerWith(changes: Partial<Handlers>): ReturnType<typeof createRouter> {
  const absent = async (): Promise<never> => { throw new Error("not in this test"); };
  const all = Object.fromEntries(Object.keys(channels).map((name) => [name, absent])) as unknown as Handlers;
  return createRouter({ ...all, ...changes }, (error) => bugs.push(error));
}

describe("the router", () => {
  it("hands a checked request to its handler and answers in the envelope", async () => {
    const router = routerWith({ "runs.report": async ({ runId }) => ok({ html: `<p>${runId}` }) });
    expect(await router.handle("runs.report", { runId: "a" })).toEqual({ ok: true, value: { html: "<p>a" } });
  });

  it("fills in what the schema has a default for", async () => {
    let seed: number | null = null;
    const router = routerWith({ "runs.start": async ({ task }) => { seed = task.seed; return ok({ runId: "r" }); } });
    await router.handle("runs.start", { task: { goal: "g", model: "m", data: "d" } });
    expect(seed).toBe(1);
  });

  it.each(["nothing.here", "__proto__", "constructor", "toString"])("refuses the unknown channel %s", async (name) => {
    expect(await routerWith({}).handle(name, {})).toMatchObject({ ok: false, error: { code: "api.unknown_channel" } });
  });

  it.each([[null], [[]], ["text"], [{ runId: 3 }], [{}]])("refuses the request %j", async (request) => {
    expect(await routerWith({}).handle("runs.get" satisfies ChannelName, request)).toMatchObject({ ok: false, error: { code: "api.bad_request" } });
  });

  it("does not let an answer out that is not what was promised", async () => {
    const router = routerWith({ "runs.report": async () => ok({ html: 3 } as never) });
    expect(await router.handle("runs.report", { runId: "a" })).toMatchObject({ ok: false, error: { code: "api.bad_response" } });
    expect(bugs).toHaveLength(1);
  });

  it("turns an expected failure into its sentence and a bug into one without a stack", async () => {
    const failure = { class: "DATA", code: "x.y", message: "Said so.", hint: "" } as const;
    const router = routerWith({
      "runs.get": async () => { throw new FailureError(failure); },
      "runs.list": async () => { throw new Error("secret detail at line 3"); },
    });
    expect(await router.handle("runs.get", { runId: "a" })).toEqual({ ok: false, error: failure });
    const bug = await router.handle("runs.list", {});
    expect(JSON.stringify(bug)).not.toContain("secret detail");
  });
});
