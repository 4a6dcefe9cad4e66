import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trex } from "../fixtures/command-line.js";
import { makeTinyData, makeTinyModel, requireBuild } from "../fixtures/tiny-model.js";
import { trainerBinary } from "./tiny-models.js";

let folder = "";
let log = "";

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(path.join(os.tmpdir(), "trex-offline-"));
  log = path.join(folder, "sockets.log");
  await makeTinyModel(folder);
  await makeTinyData(folder, 300);
  await writeFile(path.join(folder, "paper.md"), "# A study\nWe find that a learning rate of 2e-4 works best for rank 16.\n");
  await writeFile(path.join(folder, "task.yaml"), JSON.stringify({
    goal: "Name the colour", model: "tiny.gguf", data: "tiny.jsonl", budget: "15m", maxNodes: 7, maxAnswerTokens: 6, threads: 1, keepInsights: true, planner: "language-model", agentModel: "tiny.gguf",
    splits: { devSearch: 12, devSelect: 12, vault: 16 }, defaults: { learningRate: 0.005, rank: 4, epochs: 1, tokensPerStep: 512, maxSequenceTokens: 128 },
  }));
});
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

const watched = () => ({ TREX_HOME: path.join(folder, "home"), TREX_SOCKET_LOG: log, NODE_OPTIONS: `--import=${new URL("../fixtures/online/log-sockets.mjs", import.meta.url).href}` });
const attempts = async (): Promise<string> => (existsSync(log) ? await readFile(log, "utf8") : "");

describe("the offline switch, which is on by default", () => {
  it("has a watch that notices a socket (the control)", async () => {
    spawnSync(process.execPath, ["-e", "fetch('http://127.0.0.1:47113').catch(() => undefined)"], { env: { ...process.env, ...watched() } });
    expect(await attempts()).toContain("connect");
    await rm(log);
  });

  it("means zero sockets: a whole run with a language model, the library, every online source and the search for data", async () => {
    const run = await trex(["run", path.join(folder, "task.yaml"), "--json"], watched());
    expect(run.code, run.stderr).toBe(0);
    for (const words of [["library", "add", path.join(folder, "paper.md")], ["library", "search", "learning rate"], ["library", "data", "--goal", "colours", "--data", path.join(folder, "tiny.jsonl"), "--online"]]) {
      const done = await trex(words, watched());
      expect(done.code, `${words.join(" ")}: ${done.stderr}`).toBe(0);
    }
    for (const source of ["arxiv", "semantic-scholar", "hf-papers", "hf-models", "hf-datasets"]) {
      const refused = await trex(["library", "online", source, "qlora", "--json"], watched());
      expect(refused.code).toBe(1);
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { class: "ENV", code: "offline" } });
    }
    expect(await attempts()).toBe("");
  }, 240_000);

  it("needs no watch for the trainer: it was linked without any function that opens a socket", () => {
    if (process.platform !== "linux") return;
    const symbols = execFileSync("nm", ["-D", trainerBinary], { encoding: "utf8" });
    expect(symbols).toContain("malloc");
    expect(symbols.match(/\b(socket|connect|getaddrinfo|bind|listen|sendto)\b/g) ?? []).toEqual([]);
  });
});
