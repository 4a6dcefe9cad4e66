import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Example } from "../contract/index.js";
import { writeJsonLines } from "../store/index.js";
import { countOverlap } from "./count-overlap.js";
import { splitPath } from "./split-files.js";

const { signal } = new AbortController();
const row = (question: string, answer = "ok", system?: string): Example => ({ id: question, sourceRow: 1, messages: [...(system === undefined ? [] : [{ role: "system" as const, content: system }]), { role: "user", content: question }, { role: "assistant", content: answer }] });
const words = (from: number, count: number): string => Array.from({ length: count }, (_, at) => `w${from + at}`).join(" ");
let run = "";
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "trex-overlap-"));
  await mkdir(join(run, "data"));
  await mkdir(join(run, "vault"));
  await writeJsonLines(splitPath(run, "train"), [row(`${words(900, 20)} train`)]);
  await writeJsonLines(splitPath(run, "dev-search"), [row("What time is it?")]);
  await writeJsonLines(splitPath(run, "dev-select"), [row(words(100, 30))]);
  await writeJsonLines(splitPath(run, "vault"), [row(`${words(900, 20)} vault`, words(500, 13))]);
});
afterAll(async () => { await rm(run, { recursive: true, force: true }); });

describe("countOverlap", () => {
  it.each([
    ["the same question in other case and signs", row("what TIME is it"), 1],
    ["the same question under a system message", row("What time is it?", "noon", "Be brief."), 1],
    ["13 words of a held-out question", row(`so ${words(110, 13).toUpperCase()}!`), 1],
    ["13 words of a sealed answer", row("new", `x ${words(500, 13)}`), 1],
    ["12 words", row(`so ${words(110, 12)}`), 0],
    ["the data's own boilerplate, which the training rows have too", row(`${words(900, 20)} other`), 0],
    ["something else", row("What day is it?"), 0],
  ])("%s", async (_, candidate, overlapping) => {
    expect(await countOverlap({ runDirectory: run, rows: [candidate] }, signal)).toEqual({ ok: true, value: { rows: 1, overlapping } });
  });

  it("counts a stream once, and tells nothing but numbers", async () => {
    async function* stream() { for (let at = 0; at < 50; at += 1) yield at % 5 === 0 ? row("What time is it?") : row(`q${at}`); }
    expect(await countOverlap({ runDirectory: run, rows: stream() }, signal)).toEqual({ ok: true, value: { rows: 50, overlapping: 10 } });
  });

  it("stops, and fails as a value", async () => {
    expect(await countOverlap({ runDirectory: run, rows: [row("q")] }, AbortSignal.abort())).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(await countOverlap({ runDirectory: join(run, "none"), rows: [] }, signal)).toMatchObject({ ok: false, error: { code: "store.not_found" } });
  });
});
