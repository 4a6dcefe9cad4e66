import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJsonLines, streamJsonLines, writeJsonLines } from "./json-lines.js";
import { readJson } from "./read-json.js";

let file: string;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "trex-read-"));
  file = path.join(folder, "f.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const row = z.object({ id: z.string(), score: z.number().optional() });

describe("readJson", () => {
  it("reads and checks, with or without a byte order mark", async () => {
    await writeFile(file, '\uFEFF{"id":"a","score":0.5,"extra":1}');
    expect(await readJson(file, row)).toEqual({ ok: true, value: { id: "a", score: 0.5 } });
  });

  it.each([
    ['{"id":', "json.not_json"],
    ["", "json.not_json"],
    ['{"id":1}', "json.wrong_shape"],
    ['{"id":"a","score":1e400}', "json.wrong_shape"],
    ['{"id":"a","__proto__":{"admin":true}}', "json.prototype_key"],
    ['{"id":"a","x":[{"\\u005f_proto__":{"admin":true}}]}', "json.prototype_key"],
  ])("refuses %s", async (text, code) => {
    await writeFile(file, text);
    expect(await readJson(file, row)).toMatchObject({ ok: false, error: { code } });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("accepts text that merely talks about __proto__", async () => {
    await writeFile(file, '{"id":"set __proto__ \\u005f"}');
    expect(await readJson(file, row)).toMatchObject({ ok: true });
  });

  it("survives deep nesting", async () => {
    await writeFile(file, `${"[".repeat(200_000)}${"]".repeat(200_000)}`);
    const deep: z.ZodType = z.lazy(() => z.array(deep));
    expect(await readJson(file, deep)).toMatchObject({ ok: false, error: { class: "DATA" } });
  });

  it("does not read what is too large or missing", async () => {
    await writeFile(file, '{"id":"aaaaaaaaaaaaaaaaaaa"}');
    expect(await readJson(file, row, { maximumBytes: 10 })).toMatchObject({ ok: false, error: { code: "json.too_large" } });
    expect(await readJson(path.join(folder, "none"), row)).toMatchObject({ ok: false, error: { code: "store.not_found" } });
    expect(await readJson(folder, row)).toMatchObject({ ok: false, error: { code: "store.wrong_kind" } });
  });
});

describe("JSON lines", () => {
  it("gives back what was written, across chunk borders, whatever the last line break", async () => {
    const values = Array.from({ length: 300 }, (_, index) => ({ id: `${index}-${"模".repeat(index * 17)}` }));
    expect((await writeJsonLines(file, values)).ok).toBe(true);
    expect(await readJsonLines(file, row)).toEqual({ ok: true, value: values });
    await writeFile(file, '\n{"id":"a"}\r\n\n{"id":"b"}');
    expect(await readJsonLines(file, row)).toEqual({ ok: true, value: [{ id: "a" }, { id: "b" }] });
  });

  it("names the bad line and lets the caller go on", async () => {
    await writeFile(file, `{"id":"a"}\nnot json\n{"id":"${"x".repeat(5000)}"}\n{"id":"b"}\n`);
    const seen: string[] = [];
    for await (const { line, result } of streamJsonLines(file, row, { maximumLineBytes: 1000 })) seen.push(`${line} ${result.ok ? result.value.id : result.error.code}`);
    expect(seen).toEqual(["1 a", "2 json.not_json", "3 json.line_too_long", "4 b"]);
    expect(await readJsonLines(file, row)).toMatchObject({ ok: false, error: { message: expect.stringContaining("line 2 of f.json") as string } });
  });

  it("does not hold a line of many megabytes that is above the limit", async () => {
    await writeFile(file, `${"x".repeat(8 * 2 ** 20)}\n{"id":"b"}`);
    const results: boolean[] = [];
    for await (const { result } of streamJsonLines(file, row, { maximumLineBytes: 1 << 16 })) results.push(result.ok);
    expect(results).toEqual([false, true]);
  });
});
