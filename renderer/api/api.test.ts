import { describe, expect, it } from "vitest";
import { httpConnection } from "./http.js";
import type { ConnectionState } from "./connection.js";
import { readEntry } from "./token.js";
import { parseRoute, paths } from "../app/route.js";

const storage = (): Pick<Storage, "getItem" | "setItem"> & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>();
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
};

describe("the token", () => {
  it("is taken from the fragment once, kept, and removed from the address", () => {
    const tab = storage();
    expect(readEntry("#token=abc", tab)).toEqual({ token: "abc", fragment: "#/" });
    expect(readEntry("#/machine", tab)).toEqual({ token: "abc", fragment: "#/machine" });
  });
  it("can come with a run to open", () => {
    expect(readEntry("#token=abc&run=2026-a b", storage())).toEqual({ token: "abc", fragment: paths.run("2026-a b") });
    expect(parseRoute(paths.run("2026-a b"))).toEqual({ screen: "run", runId: "2026-a b" });
  });
  it("may be absent", () => {
    expect(readEntry("", storage())).toEqual({ token: null, fragment: "" });
  });
});

describe("routes", () => {
  it.each([["", "runs"], ["#/", "runs"], ["#/new", "new-run"], ["#/new/%2Fdata%2Fa%20b.jsonl", "new-run"], ["#/machine", "machine"], ["#/settings", "settings"], ["#/library", "library"], ["#/library/cards/lora-rank", "library"], ["#/library/online/x", "unknown"], ["#/library/nowhere", "unknown"], ["#/runs/x/report", "report"], ["#/runs/x/y", "unknown"], ["#/%zz", "unknown"]])("%s shows %s", (fragment, screen) => {
    expect(parseRoute(fragment).screen).toBe(screen);
  });
  it("carry a file to a new run, and a card's name to the library", () => {
    expect(parseRoute(paths.newRunWith("/data/a b.jsonl"))).toEqual({ screen: "new-run", data: "/data/a b.jsonl" });
    expect(parseRoute(paths.card("lora-rank"))).toEqual({ screen: "library", section: "cards", cardId: "lora-rank" });
    expect(parseRoute(paths.library("documents"))).toEqual({ screen: "library", section: "documents", cardId: null });
  });
});

class FakeEvents {
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readyState = 0;
  closed = false;
  constructor(readonly url: string) {}
  close(): void { this.closed = true; }
}

function connectionTo(answer: () => Response | Promise<Response>) {
  const requests: { url: string; init: RequestInit }[] = [];
  const streams: FakeEvents[] = [];
  const connection = httpConnection({
    origin: "", token: "a b",
    fetch: (async (url: string, init: RequestInit) => { requests.push({ url, init }); return answer(); }) as unknown as typeof fetch,
    openEvents: (url) => { const stream = new FakeEvents(url); streams.push(stream); return stream as unknown as EventSource; },
  });
  return { connection, requests, streams };
}

describe("calls over HTTP", () => {
  it("carry the token and the request, and give the checked value", async () => {
    const { connection, requests } = connectionTo(() => Response.json({ ok: true, value: [] }));
    expect(await connection.call("runs.list", {})).toEqual({ ok: true, value: [] });
    expect(requests[0]).toMatchObject({ url: "/api/runs.list", init: { method: "POST", headers: { authorization: "Bearer a b" } } });
  });
  it.each([
    ["a refusal", () => Response.json({ ok: false, error: { class: "DATA", code: "data.empty", message: "Empty.", hint: "" } }), "data.empty"],
    ["no server", () => Promise.reject(new TypeError("fetch failed")), "host.unreachable"],
    ["a wrong token", () => new Response("", { status: 401 }), "host.refused"],
    ["something else than JSON", () => new Response("<html>", { status: 200 }), "host.unreadable"],
    ["a value that breaks the contract", () => Response.json({ ok: true, value: { runs: 3 } }), "host.unreadable"],
  ])("turn %s into an error value", async (_, answer, code) => {
    const answered = await connectionTo(answer as () => Response).connection.call("runs.list", {});
    expect(answered.ok ? null : answered.error.code).toBe(code);
  });
});

describe("the event stream", () => {
  it("sends the token as a query, passes good pushes on, drops unreadable ones, and tells the line's state", () => {
    const { connection, streams } = connectionTo(() => new Response());
    const states: ConnectionState[] = [];
    const sequences: number[] = [];
    connection.watchConnection((state) => states.push(state));
    const end = connection.subscribe((push) => sequences.push(push.sequence));
    const stream = streams[0]!;
    expect(stream.url).toBe("/api/events?token=a%20b");
    stream.onopen!();
    stream.onmessage!({ data: '{"sequence":1,"message":{"type":"runs-changed"}}' });
    stream.onmessage!({ data: '{"sequence":2,"message":{"type":"unheard-of"}}' });
    stream.onmessage!({ data: "{" });
    stream.onerror!();
    expect(states).toEqual(["connecting", "open", "lost"]);
    expect(sequences).toEqual([1]);
    end();
    expect(stream.closed).toBe(true);
  });
});
