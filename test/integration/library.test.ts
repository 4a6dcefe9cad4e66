import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LlamaHost, Result } from "../../electron/contract/index.js";
import { createLlamaHost, startNodeWorker, type StartWorker } from "../../electron/models/index.js";
import { createCardShelf, createDocumentReader, createKnowledge, createLibrary, loadReaderPrompt, type DocumentReader } from "../../electron/research/index.js";
import { defaultReaderEntry } from "../../electron/research/readers/document-reader.js";
import { readCardsByModel } from "../../electron/research/quarantine/model-reader.js";
import { cleanDocument, plantedDocuments } from "../fixtures/library/canaries.js";
import { hostilePdfs } from "../fixtures/library/hostile-pdfs.js";
import { lines, makePdf } from "../fixtures/library/pdf-writer.js";
import { chatMlTemplate, makeRandomModel, temporaryFolder } from "./tiny-models.js";

/** The real reader's process, the real llama worker, a model of random weights. */
const folder = temporaryFolder();
const signal = (): AbortSignal => new AbortController().signal;
function value<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message} ${result.error.hint}`);
  return result.value;
}

let host: LlamaHost;
let modelPath = "";
let reader: DocumentReader;
let peakBytes = 0;
let server: Server;
let calls = 0;
let address = "";

/** Keeps an eye on how much the reader's process takes. */
const watched: StartWorker = (entry, environment) => {
  const before = new Set(childPids());
  const worker = startNodeWorker(entry, environment);
  const pid = childPids().find((candidate) => !before.has(candidate));
  const timer = setInterval(() => {
    const status = pid !== undefined && existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    peakBytes = Math.max(peakBytes, 1024 * Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1] ?? 0));
  }, 10);
  worker.onExit(() => { clearInterval(timer); });
  return worker;
};
function childPids(): number[] {
  const tasks = `/proc/${process.pid}/task`;
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks).flatMap((task) => {
    const file = `${tasks}/${task}/children`;
    return existsSync(file) ? readFileSync(file, "utf8").trim().split(/\s+/u).filter((word) => word !== "").map(Number) : [];
  });
}

beforeAll(async () => {
  modelPath = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: chatMlTemplate });
  host = createLlamaHost({ gpu: "off" });
  reader = createDocumentReader({ timeLimitMs: 8000, mostBytes: 400 * 2 ** 20, startWorker: watched });
  server = createServer((socket) => { calls += 1; socket.destroy(); });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}/`;
});
afterAll(async () => {
  reader.release();
  await host.release();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the reader's process", () => {
  it("reads every kind of document", async () => {
    for (const kind of ["pdf", "html", "markdown", "bibtex", "text"] as const) {
      const { document: read } = value(await reader.read(cleanDocument(kind).bytes, kind, signal()));
      expect(read.pages.map(({ text }) => text).join(" "), kind).toContain("learning rate was 2e-4");
    }
  });

  it("survives documents made to hang it, to fill its memory, or to call out, and reads on", async () => {
    for (const [name, bytes] of Object.entries(hostilePdfs(address))) {
      const read = await reader.read(bytes, "pdf", signal());
      if (!read.ok) {
        expect(["DATA", "OOM", "TIMEOUT", "ENV"], name).toContain(read.error.class);
        expect(read.error.message, name).toMatch(/^[^\n]{10,300}\.$/u);
      }
      expect((await reader.read(cleanDocument("pdf").bytes, "pdf", signal())).ok, name).toBe(true);
    }
    const html = `<html><head><link rel=stylesheet href="${address}"><style>@import url(${address})</style><meta http-equiv=refresh content="0;url=${address}"></head><body><img src="${address}"><iframe src="${address}"></iframe><script src="${address}"></script>text</body></html>`;
    expect((await reader.read(new TextEncoder().encode(html), "html", signal())).ok).toBe(true);
    expect(calls).toBe(0);
    // The limit is looked at every 25 ms, so a fast allocation goes past it; the host itself stays small.
    if (process.platform === "linux") expect(peakBytes).toBeLessThan(1.5 * 2 ** 30);
  });

  it("has no way onto the network", () => {
    const seal = join(defaultReaderEntry(), "..", "seal.js");
    const tries = ["() => fetch(url)", "() => new Promise((resolve, reject) => net.connect(Number(new URL(url).port), '127.0.0.1').on('connect', resolve).on('error', reject))", "() => new Promise((resolve, reject) => http.get(url, resolve).on('error', reject))", "() => new Promise((resolve, reject) => dns.lookup('localhost', (error) => (error ? reject(error) : resolve())))"];
    const script = `const { sealNetwork } = await import(${JSON.stringify(`file://${seal}`)}); sealNetwork(); const [net, http, dns] = [(await import("node:net")).default, (await import("node:http")).default, (await import("node:dns")).default]; const url = ${JSON.stringify(address)}; let opened = 0; for (const attempt of [${tries.join(", ")}]) { try { await attempt(); opened += 1; } catch {} } console.log(opened); process.exit(0);`;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).trim()).toBe("0");
    expect(calls).toBe(0);
  });

  it("keeps a document's page order and words over fifty pages", async () => {
    const pages = Array.from({ length: 50 }, (_, index) => ({ items: lines([`Chapter ${index + 1}`, ...Array.from({ length: 35 }, (_unused, line) => `Line ${line} of page ${index + 1} tells of adapters.`)], 750) }));
    const { document: read } = value(await reader.read(makePdf(pages), "pdf", signal()));
    expect(read.pages.map(({ number }) => number)).toEqual(pages.map((_page, index) => index + 1));
    expect(read.pages[49]?.text.split("\n").at(-1)).toBe("Line 34 of page 50 tells of adapters.");
    expect(read.hidden).toEqual([]);
  });
});

describe("embedding by a local model", () => {
  it("gives unit vectors, the same for the same text, in the order of the texts", async () => {
    const texts = ["low rank adapters", "a", "", "low rank adapters", "forgetting of old tasks"];
    const vectors = value(await host.embed({ modelPath, texts }, signal()));
    expect(vectors).toHaveLength(texts.length);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(vectors[3]).toEqual(vectors[0]);
    expect(vectors[4]).not.toEqual(vectors[0]);
    const [alone] = value(await host.embed({ modelPath, texts: ["forgetting of old tasks"] }, signal()));
    for (const [index, part] of (alone ?? []).entries()) expect(part).toBeCloseTo(vectors[4]?.[index] ?? Number.NaN, 4);
  });
  it("cuts what is longer than the model's context, and says when a model cannot", async () => {
    const small = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: null, contextLength: 256, seed: 2 });
    const [long] = value(await host.embed({ modelPath: small, texts: ["x".repeat(20_000)] }, signal()));
    expect(Math.hypot(...(long ?? []))).toBeCloseTo(1, 5);
    const minute = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: null, contextLength: 32, seed: 3 });
    expect(await host.embed({ modelPath: minute, texts: ["text"] }, signal())).toMatchObject({ ok: false, error: { class: "CONFIG", code: "llama.context_too_small" } });
    expect(await host.embed({ modelPath: join(folder, "none.gguf"), texts: ["text"] }, signal())).toMatchObject({ ok: false, error: { code: "model.missing" } });
    expect(value(await host.embed({ modelPath, texts: [] }, signal()))).toEqual([]);
  });
});

describe("a real model in quarantine", () => {
  it("can only fill in the form: what it babbles is a claim of the passage or nothing", async () => {
    const prompt = value(await loadReaderPrompt(new URL("../../resources/prompts", import.meta.url).pathname));
    const { reading } = value(await reader.read(cleanDocument("pdf").bytes, "pdf", signal()));
    const read = value(await readCardsByModel(reading, { sha256: "ef".repeat(32), title: "T", fileName: "a.pdf", place: "page" }, { llama: host, modelPath, prompt }, () => performance.now(), signal()));
    expect(read.warnings).toEqual([]);
    for (const { numbers } of read.cards) expect([12_000, 2e-4, 16, 3, 0.05]).toContain(numbers[0]?.value);
  });
});

describe("the library with a real model", () => {
  it("adds, finds by words and meaning, and knows what a run should", async () => {
    const home = join(folder, "home");
    const papers = join(folder, "papers");
    mkdirSync(papers);
    writeFileSync(join(papers, "a.pdf"), cleanDocument("pdf").bytes);
    for (const [index, document] of plantedDocuments().filter(({ kind }) => kind === "html").slice(0, 12).entries()) writeFileSync(join(papers, `planted-${index}.html`), document.bytes);
    const shelf = createCardShelf({ home, cardsDirectory: new URL("../../resources/cards", import.meta.url).pathname });
    const clock = { now: () => performance.now(), date: () => new Date() };
    const library = createLibrary({ home, shelf, reader, clock, embedder: { model: async () => ({ ok: true, value: { path: modelPath, sha256: "random", name: "Random" } }), embed: host.embed } });
    const view = value(await library.add(papers, signal()));
    expect(view.documents.every(({ status }) => status === "read")).toBe(true);
    expect(view.embeddingModel).toBe("Random");
    const hits = value(await library.search("learning rate of adapters", 10, signal()));
    expect(hits.some(({ by }) => by === "both")).toBe(true);
    expect(hits.some(({ source }) => source === "document")).toBe(true);

    const knowledge = createKnowledge({ shelf, library });
    const cards = value(await knowledge.cardsFor({ goal: "Classify tickets", metric: "exact-match", skill: "classification", architecture: "qwen3", library: true }, signal()));
    const values = cards.filter(({ kind }) => kind === "document").flatMap(({ effects }) => effects.flatMap((effect) => (effect.kind === "number" ? [`${effect.field} ${effect.centre}`] : ["move"])));
    expect(new Set(values)).toEqual(new Set(["learningRate 0.0002", "rank 16", "epochs 3", "dropout 0.05"]));
    expect(knowledge.select(cards, { goal: "Classify tickets", conditions: ["always", "small-data"], menu: ["learning-rate", "rank", "train-longer", "deduplicate"], axisCounts: {} }, 6)).toHaveLength(6);
  });
});
