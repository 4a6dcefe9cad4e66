import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Example } from "../../contract/index.js";
import { importRows } from "../import-rows.js";
import { openDataset } from "./open-dataset.js";

const { signal } = new AbortController();
let folder = "";
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "trex-read-")); });
afterAll(async () => { await rm(folder, { recursive: true }); });

async function read(name: string, content: string | Buffer) {
  const path = join(folder, name);
  await writeFile(path, content);
  const opened = await openDataset(path, signal);
  if (!opened.ok) return opened.error;
  const examples: Example[] = [];
  const { report } = await importRows(opened.value, async (example) => { examples.push(example); }, signal);
  return { report, examples };
}
async function readWell(name: string, content: string | Buffer) {
  const result = await read(name, content);
  if ("code" in result) throw new Error(result.message);
  return result;
}
const chat = (question: string, answer: string) => ({ messages: [{ role: "user", content: question }, { role: "assistant", content: answer }] });
const lines = (rows: readonly unknown[], newline = "\n") => rows.map((row) => JSON.stringify(row) + newline).join("");

describe("layouts of JSON", () => {
  const rows = [chat("one", "1"), chat("two", "2"), chat('brace } and "quote" \\', "3")];
  it.each([
    ["lines", lines(rows)],
    ["lines with CRLF and blank lines", `\r\n${lines(rows, "\r\n\r\n")}`],
    ["no newline at the end", lines(rows).trimEnd()],
    ["an array", JSON.stringify(rows)],
    ["a pretty array", JSON.stringify(rows, null, 2)],
    ["values one after another", rows.map((row) => JSON.stringify(row, null, 1)).join("")],
    ["UTF-8 with BOM", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(lines(rows))])],
    ["UTF-16 little endian with BOM", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lines(rows), "utf16le")])],
    ["UTF-16 big endian without BOM", Buffer.from(lines(rows), "utf16le").swap16()],
  ])("reads %s", async (name, content) => {
    const { report, examples } = await readWell(`${name}.jsonl`, content);
    expect(report).toMatchObject({ format: "openai-chat", rows: 3, accepted: 3, rejected: [] });
    expect(examples.map((example) => example.messages.map(({ content: text }) => text))).toEqual([["one", "1"], ["two", "2"], ['brace } and "quote" \\', "3"]]);
  });

  it("reads pieces that end inside a character, a string and a line", async () => {
    const many = Array.from({ length: 4000 }, (_, index) => chat(`Größe ${index} "{" 🦖 ${"x".repeat(index % 97)}`, `${index}`));
    const asLines = await readWell("long.jsonl", lines(many));
    const asArray = await readWell("long.json", JSON.stringify(many));
    expect(asLines.examples.map(({ messages }) => messages[0]!.content)).toEqual(many.map(({ messages }) => messages[0]!.content));
    expect(asArray.examples.map(({ id }) => id)).toEqual(asLines.examples.map(({ id }) => id));
  });

  it("reads Latin text that is not UTF-8", async () => {
    const { report, examples } = await readWell("latin.jsonl", Buffer.from(lines([chat("caf\u00e9", "\u00fc")]), "latin1"));
    expect(report.encoding).toBe("windows-1252");
    expect(examples[0]!.messages[0]!.content).toBe("café");
  });
});

describe("rows that cannot be used", () => {
  it("are counted with their reason and their first row, and cost only themselves", async () => {
    const content = `${JSON.stringify(chat("a", "1"))}\n{"messages": [\n${JSON.stringify(chat("b", ""))}\n${JSON.stringify({ messages: [{ role: "user", content: "c" }] })}\n${JSON.stringify({ messages: [{ role: "wizard", content: "c" }] })}\n${JSON.stringify(chat("d", "4"))}\n{"x":1}\n{"y"\n`;
    const { report } = await readWell("bad.jsonl", content);
    expect(report.accepted).toBe(2);
    expect(report.rows).toBe(8);
    expect(report.rejected).toContainEqual({ reason: "not valid JSON", count: 2, firstRow: 2 });
    expect(report.rejected).toContainEqual({ reason: "the answer is empty", count: 1, firstRow: 3 });
    expect(report.rejected).toContainEqual({ reason: "does not end with an answer", count: 1, firstRow: 4 });
    expect(report.rejected).toContainEqual({ reason: "a role other than system, user and assistant", count: 1, firstRow: 5 });
  });

  it("includes a row of a million characters, in every layout, and keeps the rows around it", async () => {
    const rows = [chat("before", "1"), chat("x".repeat(1_000_001), "2"), chat("after", "3")];
    for (const [name, content] of [["huge.jsonl", lines(rows)], ["huge.json", JSON.stringify(rows)]] as const) {
      const { report, examples } = await readWell(name, content);
      expect(report.rejected).toEqual([{ reason: "longer than 1,000,000 characters", count: 1, firstRow: 2 }]);
      expect(examples.map(({ messages }) => messages[1]!.content)).toEqual(["1", "3"]);
    }
  });

  it("tells duplicates and contradictions", async () => {
    const { report } = await readWell("dirty.jsonl", lines([chat("a", "1"), chat("a", "1"), chat("b", "1"), chat("b", "2"), chat("c", "3")]));
    expect(report).toMatchObject({ duplicates: 1, conflicts: 2 });
  });
});

describe("formats", () => {
  it("reads Alpaca with input, system and history", async () => {
    const { report, examples } = await readWell("alpaca.json", JSON.stringify([{ instruction: "Add", input: "1 and 2", output: "3", system: "Be brief", history: [["hi", "hello"]] }, { instruction: "Say x", input: "", output: "x" }]));
    expect(report.format).toBe("alpaca");
    expect(examples[0]!.messages).toEqual([{ role: "system", content: "Be brief" }, { role: "user", content: "hi" }, { role: "assistant", content: "hello" }, { role: "user", content: "Add\n1 and 2" }, { role: "assistant", content: "3" }]);
    expect(examples[1]!.messages).toEqual([{ role: "user", content: "Say x" }, { role: "assistant", content: "x" }]);
  });

  it("reads ShareGPT turns as chat", async () => {
    const { examples } = await readWell("share.json", JSON.stringify([{ conversations: [{ from: "human", value: "q" }, { from: "gpt", value: "a" }] }]));
    expect(examples[0]!.messages).toEqual([{ role: "user", content: "q" }, { role: "assistant", content: "a" }]);
  });

  it("reads prompt and completion, and JSON answers given as objects", async () => {
    const { report, examples } = await readWell("pc.jsonl", lines([{ prompt: "p", completion: { a: 1 } }, { prompt: "q", completion: 7 }]));
    expect(report.format).toBe("prompt-completion");
    expect(examples.map(({ messages }) => messages[1]!.content)).toEqual(['{"a":1}', "7"]);
  });

  it("reads multiple choice by index, letter and text", async () => {
    const { report, examples } = await readWell("mc.jsonl", lines([
      { question: "q", choices: ["x", "y"], answer: 1 }, { question: "r", choices: ["x", "y"], answer: "A" }, { question: "s", choices: { text: ["u", "v"], label: ["A", "B"] }, answerKey: "B" }, { question: "t", choices: ["u", "v"], answer: 2 },
    ]));
    expect(report).toMatchObject({ format: "multiple-choice", answersAreChoices: true, accepted: 3 });
    expect(examples.map(({ answerIndex, messages }) => [answerIndex, messages[1]!.content])).toEqual([[1, "y"], [0, "x"], [1, "v"]]);
    expect(examples[0]!.messages[0]!.content).toBe("q\nA. x\nB. y");
  });

  it.each([[","], [";"], ["\t"], ["|"]])("reads tables split by %j, with quotes and line breaks", async (delimiter) => {
    const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const rows = [["id", "Question", " ANSWER "], ["1", 'say "hi", please; now | \t', "two\nlines"], ["2", "second", "x"]];
    const { report, examples } = await readWell(`table${delimiter.charCodeAt(0)}.csv`, rows.map((row) => row.map(cell).join(delimiter)).join("\r\n"));
    expect(report).toMatchObject({ format: "csv", accepted: 2, columns: ["id", "Question", "ANSWER"] });
    expect(examples[0]!.messages.map(({ content }) => content)).toEqual(['say "hi", please; now | \t', "two\nlines"]);
  });

  it("reads multiple choice from a table with columns a, b, c", async () => {
    const { examples } = await readWell("mc.csv", "question,A,B,C,answer\nwhich,x,y,z,C\nwhat,u,v,w,A\n");
    expect(examples.map(({ answerIndex, choices }) => [answerIndex, choices])).toEqual([[2, ["x", "y", "z"]], [0, ["u", "v", "w"]]]);
  });

  it("is not misled by __proto__ and odd values", async () => {
    const { examples, report } = await readWell("proto.jsonl", '{"__proto__":{"polluted":true},"prompt":"p","completion":"c"}\n{"prompt":"q","completion":9007199254740993}\n{"prompt":"\\ud800","completion":"x"}\n');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(report.rejected).toEqual([{ reason: "an answer that is not text", count: 1, firstRow: 2 }]);
    expect(examples.map(({ messages }) => messages[0]!.content)).toEqual(["p", "\ufffd"]);
  });
});

describe("files that are refused", () => {
  it.each([
    ["empty.jsonl", "", "DATA", "data.empty"],
    ["blank.jsonl", " \n\n ", "DATA", "data.empty"],
    ["array.json", "[]", "DATA", "data.empty"],
    ["prose.txt", "just one line of prose", "CONFIG", "data.format"],
    ["parquet.jsonl", "PAR1\u0001\u0002", "CONFIG", "data.not_text"],
    ["broken.jsonl", '{"a": \n{"b"\n', "DATA", "data.no_json"],
  ])("%s", async (name, content, failureClass, code) => {
    expect(await read(name, content)).toMatchObject({ class: failureClass, code });
  });

  it("names the columns found and the ones needed", async () => {
    const failure = await read("columns.csv", "foo,bar\n1,2\n3,4\n");
    expect(failure).toMatchObject({ class: "CONFIG", code: "data.columns" });
    expect((failure as { message: string }).message).toContain("foo, bar");
    expect((failure as { hint: string }).hint).toContain("completion");
  });

  it("a missing file and a folder", async () => {
    expect(await openDataset(join(folder, "nowhere.jsonl"), signal)).toMatchObject({ ok: false, error: { class: "CONFIG", code: "data.missing" } });
    expect(await openDataset(folder, signal)).toMatchObject({ ok: false, error: { class: "CONFIG", code: "data.not_a_file" } });
  });

  it("stops when asked to", async () => {
    const path = join(folder, "stop.jsonl");
    await writeFile(path, lines([chat("a", "b")]));
    const controller = new AbortController();
    controller.abort();
    expect(await openDataset(path, controller.signal)).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
  });
});
