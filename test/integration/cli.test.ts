import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { costSchema, estimateSchema } from "../../electron/contract/index.js";
import { startTrex, trex } from "../fixtures/command-line.js";
import { makeTinyData, makeTinyModel, requireBuild } from "../fixtures/tiny-model.js";

let folder = "";
let home = "";
let model = "";
let data = "";
let taskFile = "";

const task = (changes: Readonly<Record<string, unknown>> = {}): string => JSON.stringify({
  goal: "Name the colour", model: "tiny.gguf", data: "tiny.jsonl", budget: "15m", maxNodes: 5, maxAnswerTokens: 6, threads: 1,
  splits: { devSearch: 12, devSelect: 12, vault: 16 }, defaults: { learningRate: 0.005, rank: 4, epochs: 1, tokensPerStep: 512, maxSequenceTokens: 128 }, ...changes,
});

/** docs/json.md: what scripts rely on. */
const runDocumentSchema = z.object({
  runId: z.string(), seed: z.number(), nodes: z.number(), backtracks: z.number(), baseline: estimateSchema.strict(), vault: estimateSchema.extend({ timesOpened: z.literal(1) }).strict(),
  cost: costSchema.omit({ agentTokens: true }).strict(), adapter: z.string().nullable(), report: z.string(),
});

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(path.join(os.tmpdir(), "trex-cli-"));
  home = path.join(folder, "home");
  model = await makeTinyModel(folder);
  data = await makeTinyData(folder, 300);
  taskFile = path.join(folder, "task.yaml");
  await writeFile(taskFile, task());
});
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

const environment = () => ({ TREX_HOME: home });

describe("a whole run", () => {
  let runId = "";

  it("goes from data to report, and prints one document", async () => {
    const { code, stdout, stderr } = await trex(["run", taskFile, "--json"], environment());
    expect(stderr).not.toContain("    at ");
    expect(code, stderr).toBe(0);
    const document = runDocumentSchema.parse(JSON.parse(stdout));
    runId = document.runId;
    expect(document.nodes).toBeGreaterThanOrEqual(5);
    expect(document.vault.n).toBe(16);
    expect(document.baseline.n).toBe(16);
    expect(document.cost.trainSeconds).toBeGreaterThan(0);
    expect(await readFile(document.report, "utf8")).toContain("<html");
    if (document.adapter !== null) expect((await readFile(document.adapter)).subarray(0, 4).toString()).toBe("GGUF");
  });

  it("is listed and shown, as text and as the documented document", async () => {
    const list = await trex(["ls", "--json"], environment());
    expect(JSON.parse(list.stdout)).toEqual([expect.objectContaining({ runId, status: "done", goal: "Name the colour" })]);
    const tree = await trex(["show", runId, "--tree"], environment());
    expect(tree.stdout).toMatch(/● n001.*baseline/);
    const shown = JSON.parse((await trex(["show", runId, "--json"], environment())).stdout) as { nodes: Record<string, unknown>[] };
    for (const node of shown.nodes) expect(node).toMatchObject({ id: expect.any(String) as string, status: expect.any(String) as string, axis: expect.any(String) as string, decidedBy: expect.any(String) as string, cost: expect.any(Object) as object });
    expect(shown.nodes[0]).toHaveProperty("parent", null);
    expect(shown.nodes[0]).toHaveProperty("ci");
  });

  it("is not resumed once it is done", async () => {
    const { code, stderr } = await trex(["resume", runId], environment());
    expect(code).toBe(1);
    expect(stderr).toContain("finished");
  });

  it("keeps the sealed rows to the user alone", async () => {
    if (process.platform === "win32") return;
    const { stdout } = await trex(["show", runId, "--json"], environment());
    expect(stdout).not.toContain("Item ");
  });
});

describe("being interrupted", () => {
  it("ends with 130 on SIGINT, and goes on with resume without losing a node or opening the vault twice", async () => {
    const running = startTrex(["run", taskFile, "--seed", "2"], environment());
    await running.saw("n002");
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    const runId = /trex resume (\S+)/.exec(ended.stdout + ended.stderr)?.[1] ?? "";
    expect(runId).not.toBe("");
    const before = JSON.parse((await trex(["show", runId, "--json"], environment())).stdout) as { status: string; nodes: { id: string; status: string; ci: unknown }[] };
    expect(before.status).toBe("interrupted");

    const resumed = await trex(["resume", runId, "--json"], environment());
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(runDocumentSchema.parse(JSON.parse(resumed.stdout)).runId).toBe(runId);
    const after = JSON.parse((await trex(["show", runId, "--json"], environment())).stdout) as typeof before;
    for (const node of before.nodes.filter((candidate) => candidate.status === "done")) {
      expect(after.nodes).toContainEqual(expect.objectContaining({ id: node.id, status: "done", ci: node.ci }));
    }
  });

  it("goes on after kill -9", async () => {
    const running = startTrex(["run", taskFile, "--seed", "3"], environment());
    await running.saw("n003");
    running.child.kill("SIGKILL");
    await running.ended;
    const list = JSON.parse((await trex(["ls", "--json"], environment())).stdout) as { runId: string; status: string }[];
    const killed = list.find((run) => run.status === "interrupted");
    expect(killed).toBeDefined();
    const resumed = await trex(["resume", killed!.runId, "--json"], environment());
    expect(resumed.code, resumed.stderr).toBe(0);
    runDocumentSchema.parse(JSON.parse(resumed.stdout));
  });
});

describe("bad input", () => {
  const sentence = async (arguments_: readonly string[], code: number): Promise<string> => {
    const ended = await trex(arguments_, environment());
    expect(ended.code, ended.stderr).toBe(code);
    expect(ended.stdout).toBe("");
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(ended.stderr.trim()).toMatch(/[.!]$/);
    return ended.stderr;
  };
  const run = (changes: { model?: string; data?: string; budget?: string }): string[] =>
    ["run", "--model", changes.model ?? model, "--data", changes.data ?? data, "--goal", "g", "--budget", changes.budget ?? "15m", "--threads", "1"];
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    const where = path.join(folder, name);
    await writeFile(where, content);
    return where;
  };

  it("usage: ends with 2 and one sentence", async () => {
    expect(await sentence(["bogus"], 2)).toContain("no command");
    expect(await sentence(["run"], 2)).toContain("--model is missing");
  });

  it("a file that is not there", async () => {
    expect(await sentence(run({ model: path.join(folder, "none.gguf") }), 1)).toContain("does not exist");
    expect(await sentence(run({ data: path.join(folder, "none.jsonl") }), 1)).toContain("does not exist");
    expect(await sentence(["run", path.join(folder, "none.yaml")], 1)).toContain("does not exist");
    expect(await sentence(["show", "20200101-0000-abcdef"], 1)).toContain("no run");
    expect(await sentence(["show", "../../etc"], 1)).toContain("not a run id");
  });

  it("a task file that is not one", async () => {
    expect(await sentence(["run", await file("broken.yaml", "goal: [")], 1)).toContain("YAML");
    expect(await sentence(["run", await file("list.yaml", "- a\n")], 1)).toContain("goal, model and data");
    expect(await sentence(["run", await file("typo.yaml", task({ modle: "x" }))], 1)).toContain("modle");
  });

  it("a model that is none, or torn", async () => {
    expect(await sentence(run({ model: await file("text.gguf", "hello") }), 1)).toContain("GGUF");
    const whole = await readFile(model);
    await sentence(run({ model: await file("torn.gguf", whole.subarray(0, Math.floor(whole.length / 2))) }), 1);
    await sentence(run({ model: await file("header.gguf", whole.subarray(0, 20)) }), 1);
  });

  it("data without rows, with wrong columns, or with a giant row", async () => {
    await sentence(run({ data: await file("empty.jsonl", "") }), 1);
    await sentence(run({ data: await file("columns.csv", "colour,size\nred,3\nblue,4\n") }), 1);
    const giant = JSON.stringify({ messages: [{ role: "user", content: "x".repeat(1_000_000) }, { role: "assistant", content: "y" }] });
    await sentence(run({ data: await file("giant.jsonl", `${giant}\n`) }), 1);
  });

  it("a budget that is no time, or too little of it", async () => {
    expect(await sentence(run({ budget: "soon" }), 1)).toContain("not a length of time");
    expect(await sentence(run({ budget: "2s" }), 1)).toContain("too small");
  });

  it("answers with the same failure as JSON where JSON was asked for", async () => {
    const { code, stdout } = await trex(["show", "20200101-0000-abcdef", "--json"], environment());
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { class: "CONFIG", code: "run.not_found", message: expect.stringContaining("no run") as string } });
  });

  it("a damaged journal: says how much is good and leaves it as it is", async () => {
    const runs = path.join(home, "runs");
    const broken = path.join(runs, "20200102-0000-abcdef");
    await mkdir(broken, { recursive: true });
    const [any] = (await readdir(runs)).filter((name) => name !== "20200102-0000-abcdef");
    const lines = (await readFile(path.join(runs, any ?? "", "journal.jsonl"), "utf8")).split("\n");
    lines[1] = "damaged";
    const text = lines.join("\n");
    await writeFile(path.join(broken, "journal.jsonl"), text);
    const ended = await trex(["resume", "20200102-0000-abcdef"], environment());
    expect(ended.code).toBe(1);
    expect(await readFile(path.join(broken, "journal.jsonl"), "utf8")).toBe(text);
    await rm(broken, { recursive: true });
  });
});

describe("the smaller commands", () => {
  it("data inspect tells what was read", async () => {
    const { stdout, code } = await trex(["data", "inspect", data, "--json"], environment());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ report: { rows: 300, accepted: 300, format: "openai-chat" } });
  });

  it("eval scores a model on a file", async () => {
    const { stdout, code, stderr } = await trex(["eval", "--model", model, "--suite", "exact-match", "--data", data, "--limit", "12", "--max-tokens", "4", "--threads", "1", "--json"], environment());
    expect(code, stderr).toBe(0);
    expect(estimateSchema.parse(JSON.parse(stdout))).toMatchObject({ n: 12 });
  });

  it("chat answers one question", async () => {
    const { stdout, code, stderr } = await trex(["chat", "--model", model, "--prompt", "hello", "--max-tokens", "4", "--json"], environment());
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ answer: expect.any(String) as string });
  });

  it("train repeats a node's training from the request it kept", async () => {
    // By status: runs of the same minute are told apart by chance alone, and an interrupted one may not have trained.
    const done = (JSON.parse((await trex(["ls", "--json"], environment())).stdout) as { runId: string; status: string }[]).find((entry) => entry.status === "done");
    const request = path.join(home, "runs", done!.runId, "nodes", "n005", "train", "full", "request.json");
    const document = JSON.parse(await readFile(request, "utf8")) as Record<string, unknown>;
    const again = path.join(folder, "again.json");
    await writeFile(again, JSON.stringify({ ...document, outDir: path.join(folder, "again") }));
    const { stdout, code, stderr } = await trex(["train", again, "--json"], environment());
    expect(code, stderr).toBe(0);
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line) as { event: string });
    expect(events.at(-1)).toMatchObject({ event: "done" });
    expect(events[0]).toMatchObject({ event: "start" });
  });

  it("export hands the adapter over", async () => {
    const [run] = (JSON.parse((await trex(["ls", "--json"], environment())).stdout) as { runId: string; status: string }[]).filter((entry) => entry.status === "done");
    const shown = JSON.parse((await trex(["show", run!.runId, "--json"], environment())).stdout) as { delivery: { kind: string } };
    const out = path.join(folder, "exported");
    const exported = await trex(["export", run!.runId, "--as", "adapter", "--out", out, "--json"], environment());
    expect(exported.code, exported.stderr).toBe(shown.delivery.kind === "adapter" ? 0 : 1);
    if (exported.code === 0) expect((await readdir(out)).some((name) => name.endsWith(".gguf"))).toBe(true);
    const peft = await trex(["export", run!.runId, "--as", "peft", "--base", "maker/base", "--out", out, "--json"], environment());
    expect(peft.code, peft.stderr).toBe(exported.code);
    if (peft.code !== 0) return;
    const { mainPath, files } = JSON.parse(peft.stdout) as { mainPath: string; files: string[] };
    expect(files.slice(0, 2)).toEqual(["adapter_model.safetensors", "adapter_config.json"].map((name) => path.join(mainPath, name)));
    expect(JSON.parse(await readFile(files[1]!, "utf8"))).toMatchObject({ peft_type: "LORA", base_model_name_or_path: "maker/base" });
  });
});
