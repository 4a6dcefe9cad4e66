import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openItemLog } from "./item-log.js";

let folder = "";
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "trex-items-")); });
afterEach(async () => { await rm(folder, { recursive: true }); });
const item = (id: string) => ({ id, score: 1, answer: "ü\n", figures: { valid: 1 } });

async function open(what: Record<string, unknown>, ids = ["1", "2", "3"], batchSize = 1) {
  const log = await openItemLog(join(folder, "eval", "items.jsonl"), what, ids, batchSize);
  if (!log.ok) throw new Error(log.error.message);
  return log.value;
}

describe("openItemLog", () => {
  it("goes on where the same evaluation stopped, without the line a crash tore", async () => {
    await (await open({ adapter: "a" })).append([item("1"), item("2")]);
    await appendFile(join(folder, "eval", "items.jsonl"), '{"id":"3","score":');
    const again = await open({ adapter: "a" });
    expect(again.done.map(({ id }) => id)).toEqual(["1", "2"]);
    await again.append([item("3")]);
    expect((await readFile(join(folder, "eval", "items.jsonl"), "utf8")).split("\n").map((line) => (line === "" ? "" : (JSON.parse(line) as { id: string }).id))).toEqual(["1", "2", "3", ""]);
  });

  it("cuts off a batch that was not written whole, and items out of order", async () => {
    await (await open({}, ["1", "2", "3", "4", "5"], 2)).append([item("1"), item("2"), item("3")]);
    expect((await open({}, ["1", "2", "3", "4", "5"], 2)).done.map(({ id }) => id)).toEqual(["1", "2"]);
    await (await open({}, ["1", "2", "3"], 2)).append([item("3")]);
    expect((await open({}, ["1", "2", "3"], 2)).done).toHaveLength(3);
    expect((await open({}, ["1", "3", "2"], 1)).done).toHaveLength(1);
  });

  it("forgets the items of another evaluation", async () => {
    await (await open({ adapter: "a" })).append([item("1")]);
    expect((await open({ adapter: "b" })).done).toEqual([]);
    expect((await open({ adapter: "a" })).done).toEqual([]);
  });
});
