import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { LlamaHost } from "../../electron/contract/index.js";
import { createLlamaHost } from "../../electron/models/index.js";
import { defaultWorkerEntry, startNodeWorker, type StartWorker, type WorkerProcess } from "../../electron/models/worker-process.js";
import { chatMlTemplate, makeRandomModel, temporaryFolder, vocabularyPath } from "./tiny-models.js";

const signal = (): AbortSignal => new AbortController().signal;
const folder = temporaryFolder();
let modelPath = "";
const hosts: LlamaHost[] = [];
const createHost = (options: Parameters<typeof createLlamaHost>[0] = {}): LlamaHost => {
  const host = createLlamaHost({ gpu: "off", ...options });
  hosts.push(host);
  return host;
};

beforeAll(() => { modelPath = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: chatMlTemplate }); });
afterEach(async () => { await Promise.all(hosts.splice(0).map((host) => host.release())); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const prompts = Array.from({ length: 40 }, (_, index) => [258, 117, 115, 101, 114, 10, 32 + index, 259, 10, ...Array.from({ length: index * 3 }, (_unused, place) => 97 + ((place * index) % 25))]);
const generate = (host: LlamaHost, more: Partial<Parameters<LlamaHost["generate"]>[0]> = {}): ReturnType<LlamaHost["generate"]> =>
  host.generate({ modelPath, adapterPath: null, prompts, maxTokens: 12, threads: 2, ...more }, signal());

describe("generating", () => {
  it("gives the same answers on the same worker and on a new one, in the order of the prompts, and reports progress", async () => {
    const host = createHost();
    const progress: number[] = [];
    const first = await generate(host, { onProgress: (done) => { progress.push(done); } });
    const second = await generate(host);
    const third = await generate(createHost());
    expect(first.ok && first.value.length).toBe(prompts.length);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(progress.at(-1)).toBe(prompts.length);
    if (first.ok) expect(new Set(first.value.map((answer) => answer.tokens.join())).size).toBeGreaterThan(prompts.length / 2);
  });

  it("agrees with prompts answered one by one", async () => {
    const host = createHost();
    const together = await generate(host, { prompts: prompts.slice(0, 6) });
    const alone = [];
    for (const prompt of prompts.slice(0, 6)) {
      const one = await generate(host, { prompts: [prompt] });
      alone.push(one.ok ? one.value[0]?.tokens : one.error);
    }
    expect(together.ok && together.value.map((answer) => answer.tokens)).toEqual(alone);
  });

  it("refuses tokens the vocabulary does not have and empty prompts, and works on after", async () => {
    const host = createHost();
    expect(await generate(host, { prompts: [[1], [999_999]] })).toMatchObject({ ok: false, error: { class: "DATA", code: "llama.token_outside_vocabulary" } });
    expect(await generate(host, { prompts: [[]] })).toMatchObject({ ok: false, error: { class: "DATA", code: "llama.empty_prompt" } });
    expect((await generate(host, { prompts: [[1]] })).ok).toBe(true);
  });

  it("stops within a second when cancelled, and answers the next call", async () => {
    const host = createHost();
    expect((await generate(host, { prompts: [[1]] })).ok).toBe(true);
    const controller = new AbortController();
    const pending = host.generate({ modelPath, adapterPath: null, prompts, maxTokens: 5_000, threads: 2 }, controller.signal);
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    const began = performance.now();
    controller.abort();
    expect(await pending).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect((await generate(host, { prompts: [[1]] })).ok).toBe(true);
  });
});

describe("files that cannot be loaded", () => {
  it("says so in a sentence", async () => {
    const host = createHost();
    const torn = join(folder, "torn.gguf");
    copyFileSync(modelPath, torn);
    truncateSync(torn, 60_000);
    const noise = join(folder, "noise.gguf");
    writeFileSync(noise, Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(4096, 0xff)]));
    for (const path of [torn, noise, vocabularyPath("qwen2"), join(folder, "none.gguf")]) {
      const result = await generate(host, { modelPath: path, prompts: [[1]] });
      expect(result, path).toMatchObject({ ok: false, error: { class: expect.stringMatching(/CONFIG|ENV/) as string } });
      if (!result.ok) {
        expect(result.error.message).toMatch(/^[^\n]{10,400}\.$/);
        expect(result.error.message).not.toMatch(/\bat .*:\d+:\d+|Error:/);
      }
    }
    expect((await generate(host, { prompts: [[1]] })).ok).toBe(true);
  });

  it("refuses an adapter that is none", async () => {
    const adapter = join(folder, "adapter.gguf");
    writeFileSync(adapter, "GGUF");
    expect(await generate(createHost(), { adapterPath: adapter, prompts: [[1]] })).toMatchObject({ ok: false, error: { code: "adapter.not_loadable" } });
  });
});

/** Starts real workers and lets a test reach the process, as a native crash would. */
function observedStarter(): { start: StartWorker; pids: number[] } {
  const pids: number[] = [];
  const start: StartWorker = (entry, environment): WorkerProcess => {
    const before = new Set(childPids());
    const worker = startNodeWorker(entry, environment);
    pids.push(...childPids().filter((pid) => !before.has(pid)));
    return worker;
  };
  return { start, pids };
}

function childPids(): number[] {
  const folderOfTasks = `/proc/${process.pid}/task`;
  return readdirSync(folderOfTasks).flatMap((task) => {
    const file = `${folderOfTasks}/${task}/children`;
    return existsSync(file) ? readFileSync(file, "utf8").trim().split(/\s+/).filter((word) => word !== "").map(Number) : [];
  });
}

describe.runIf(process.platform === "linux")("the worker process", () => {
  it("is killed in the middle of a call: the call is answered by a new process", async () => {
    const { start, pids } = observedStarter();
    const host = createHost({ startWorker: start });
    let killed = false;
    // The first progress: the batch after it is being decoded.
    const result = await generate(host, { maxTokens: 60, onProgress: () => {
      if (!killed) process.kill(pids[0]!, "SIGSEGV");
      killed = true;
    } });
    expect(pids).toHaveLength(2);
    expect(result.ok && result.value.length).toBe(prompts.length);
  });

  it("is killed twice: the failure names the model and the signal", async () => {
    const { start, pids } = observedStarter();
    const host = createHost({ startWorker: start });
    const watch = setInterval(() => { for (const pid of pids.splice(0)) setTimeout(() => { process.kill(pid, "SIGSEGV"); }, 300); }, 50);
    const result = await generate(host, { maxTokens: 2_000 });
    clearInterval(watch);
    expect(result).toMatchObject({ ok: false, error: { class: "ENV", code: "llama.crashed", message: expect.stringMatching(/random-bytes.*SIGSEGV/) as string } });
  });

  it("uses memory while it runs and is gone after release", async () => {
    const { start, pids } = observedStarter();
    const host = createHost({ startWorker: start });
    expect(await host.memoryBytes()).toBe(0);
    await generate(host, { prompts: [[1]] });
    expect(await host.memoryBytes()).toBeGreaterThan(30_000_000);
    await host.release();
    expect(existsSync(`/proc/${pids[0]!}`)).toBe(false);
    expect(await host.memoryBytes()).toBe(0);
    expect(existsSync(defaultWorkerEntry())).toBe(true);
  });
});

describe("an agent's turn", () => {
  const schema = { type: "object", properties: { move: { enum: ["rank", "dropout"] }, percent: { enum: [10, 50] } } };
  const turn = { system: "You plan.", user: "Choose.", maxTokens: 200, timeLimitMs: 120_000, temperature: 0.8, seed: 7 };

  it("keeps to the schema, whatever the model babbles", async () => {
    const host = createHost();
    for (const seed of [1, 2, 3, 4]) {
      const result = await host.complete({ modelPath, ...turn, seed, jsonSchema: schema }, signal());
      expect(result.ok).toBe(true);
      if (!result.ok) continue;
      const answer = JSON.parse(result.value.text) as { move: string; percent: number };
      expect(["rank", "dropout"]).toContain(answer.move);
      expect([10, 50]).toContain(answer.percent);
    }
  });

  it("is the same for the same seed, differs for another, and is capped in tokens and time", async () => {
    const [first, again, other] = [await createHost().complete({ modelPath, ...turn }, signal()), await createHost().complete({ modelPath, ...turn }, signal()), await createHost().complete({ modelPath, ...turn, seed: 8 }, signal())];
    expect(first.ok && again.ok && first.value.text === again.value.text).toBe(true);
    expect(first.ok && other.ok && first.value.text !== other.value.text).toBe(true);
    expect(first.ok && first.value.tokens).toBeLessThanOrEqual(turn.maxTokens);
    const began = performance.now();
    const host = createHost();
    const short = await host.complete({ modelPath, ...turn, maxTokens: 6_000, timeLimitMs: 300 }, signal());
    expect(short.ok && short.value.seconds).toBeLessThan(2);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it("says when a turn does not fit the model's context", async () => {
    expect(await createHost().complete({ modelPath, ...turn, user: "word ".repeat(2_000) }, signal())).toMatchObject({ ok: false, error: { code: "llama.context_too_small" } });
  });
});
