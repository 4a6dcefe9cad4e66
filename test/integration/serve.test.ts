import { request } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doctorReportSchema, pushSchema, type Push } from "../../electron/contract/index.js";
import { startTrex, type Running } from "../fixtures/command-line.js";
import { makeTinyData, makeTinyModel, requireBuild } from "../fixtures/tiny-model.js";

let folder = "";
let server: Running;
let port = 0;
let token = "";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** node:http and not fetch: fetch would not let a test lie in Host. */
function send(method: string, where: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path: where, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => { text += chunk; });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
const call = async (channel: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Promise<{ ok: boolean; value: unknown; error: { code: string } }> => {
  const answer = await send("POST", `/api/${channel}`, { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers }, JSON.stringify(value));
  return JSON.parse(answer.text) as { ok: boolean; value: unknown; error: { code: string } };
};

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(path.join(os.tmpdir(), "trex-serve-"));
  server = startTrex(["serve", "--json"], { TREX_HOME: path.join(folder, "home") });
  const started = await new Promise<{ url: string; port: number }>((resolve, reject) => {
    server.child.stdout?.once("data", (text: string) => resolve(JSON.parse(text) as { url: string; port: number }));
    void server.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  port = started.port;
  token = new URL(started.url).hash.slice("#token=".length);
});
afterAll(async () => {
  server.child.kill("SIGINT");
  expect((await server.ended).code).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

describe("trex serve", () => {
  it("serves the page with a strict policy", async () => {
    const { status, headers, text } = await send("GET", "/");
    expect(status).toBe(200);
    expect(text).toContain("<div id=");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it("answers calls with the token, checked both ways", async () => {
    expect(await call("runs.list", {})).toEqual({ ok: true, value: [] });
    doctorReportSchema.parse((await call("host.doctor", {})).value);
    expect(await call("runs.get", { runId: "../../etc" })).toMatchObject({ ok: false, error: { code: "run.bad_id" } });
    expect(await call("runs.get", { id: 3 })).toMatchObject({ ok: false, error: { code: "api.bad_request" } });
    expect(await call("__proto__", {})).toMatchObject({ ok: false, error: { code: "api.unknown_channel" } });
  });

  it.each([
    ["no token", { Authorization: "" }, 401],
    ["a wrong token", { Authorization: "Bearer wrong" }, 401],
    ["another site's page", { Origin: "http://evil.example" }, 403],
    ["a re-bound name", { Host: "evil.example" }, 403],
    ["a cross-site fetch", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["a form", { "Content-Type": "text/plain" }, 415],
  ])("refuses %s", async (_name, headers, status) => {
    const answer = await send("POST", "/api/runs.list", { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers }, "{}");
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("[]");
  });

  it("refuses other methods, large bodies, broken JSON and paths outside", async () => {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
    expect((await send("GET", "/api/runs.list", headers)).status).toBe(405);
    expect((await send("DELETE", "/")).status).toBe(405);
    expect((await send("POST", "/api/runs.list", headers, "{")).status).toBe(400);
    expect((await send("POST", "/api/runs.list", headers, JSON.stringify({ filler: "x".repeat(1_100_000) }))).status).toBe(413);
    for (const where of ["/../package.json", "/..%2f..%2fpackage.json", "/%2e%2e/%2e%2e/package.json", "/assets/../../electron/cli.js", "/nothing.js"]) {
      expect((await send("GET", where)).status).toBe(404);
    }
    expect((await send("GET", "/api/events")).status).toBe(401);
  });

  it("runs a task and pushes every change in order, without a gap", async () => {
    const pushes: Push[] = [];
    const stream = request({ host: "127.0.0.1", port, path: `/api/events?token=${token}` }, (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        const events = (rest + chunk).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) {
          const line = event.split("\n").find((candidate) => candidate.startsWith("data: "));
          if (line !== undefined) pushes.push(pushSchema.parse(JSON.parse(line.slice(6))));
        }
      });
    });
    stream.on("error", () => undefined);
    stream.end();
    const model = await makeTinyModel(folder);
    const data = await makeTinyData(folder, 300);
    const task = { goal: "Name the colour", model, data, budget: "15m", maxNodes: 5, maxAnswerTokens: 6, threads: 1, splits: { devSearch: 12, devSelect: 12, vault: 16 }, defaults: { learningRate: 0.005, rank: 4, epochs: 1, tokensPerStep: 512, maxSequenceTokens: 128 } };
    const started = await call("runs.start", { task });
    expect(started.ok).toBe(true);
    const { runId } = started.value as { runId: string };
    expect(await call("runs.resume", { runId })).toMatchObject({ ok: false, error: { code: "run.working" } });

    const finished = (): boolean => pushes.some(({ message }) => message.type === "run" && message.view.runId === runId && ["done", "failed", "paused", "interrupted"].includes(message.view.status));
    while (!finished()) await new Promise((resolve) => setTimeout(resolve, 200));
    stream.destroy();

    expect(pushes.map((push) => push.sequence)).toEqual(pushes.map((_, index) => (pushes[0]?.sequence ?? 0) + index));
    const kinds = new Set(pushes.map(({ message }) => message.type));
    for (const kind of ["run", "progress", "memory", "runs-changed"]) expect(kinds).toContain(kind);
    const view = (await call("runs.get", { runId })).value as { status: string; phase: string };
    expect(view.status, view.phase).toBe("done");
    expect(((await call("runs.report", { runId })).value as { html: string }).html).toContain("<html");
    expect(((await call("runs.memory", { runId })).value as unknown[]).length).toBeGreaterThan(0);
    expect(await call("runs.list", {})).toMatchObject({ value: [{ runId, status: "done" }] });
  });
});
