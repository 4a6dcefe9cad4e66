import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importRows } from "../import-rows.js";
import { openDataset } from "../read/open-dataset.js";
import { planSplits } from "../splits.js";
import { describeDataset } from "./describe-dataset.js";

const { signal } = new AbortController();
const sizes = { devSearch: 20, devSelect: 20, vault: 40 };
let folder = "";
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "trex-describe-")); });
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

async function file(name: string, rows: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Array.from({ length: rows }, (_, at) => JSON.stringify({ prompt: `Is ${at} even?`, completion: at % 2 === 0 ? "yes" : "no" })).join("\n"));
  return path;
}

describe("describeDataset", () => {
  it("says what a requirement needs to know", async () => {
    const described = await describeDataset(await file("even.jsonl", 400), sizes, signal);
    expect(described).toMatchObject({ ok: true, value: { recommendedMetric: "exact-match", skill: "classification", formatRules: 'Answer with exactly one of "no" or "yes", and nothing else.', splitSizes: { train: 320, "dev-search": 20, "dev-select": 20, vault: 40 }, warnings: [] } });
  });

  it("shows an agent no row that will be held out", async () => {
    const path = await file("sealed.jsonl", 400);
    const opened = await openDataset(path, signal);
    if (!opened.ok) throw new Error();
    const questions: string[] = [];
    const { rows } = await importRows(opened.value, async ({ messages }) => { questions.push(messages[0]!.content); }, signal);
    let wouldHaveBeenShown = 0;
    for (let seed = 1; seed <= 8; seed += 1) {
      const [plan, described] = await Promise.all([planSplits(rows, seed, sizes), describeDataset(path, sizes, signal, seed)]);
      if (!plan.ok || !described.ok) throw new Error();
      const held = new Set(Object.values(plan.value.order).flat().map((index) => questions[index]));
      const shown = described.value.trainPreview.map(([question]) => question!.content);
      expect(shown).toHaveLength(5);
      expect(shown.filter((question) => held.has(question))).toEqual([]);
      wouldHaveBeenShown += questions.slice(0, 5).filter((question) => held.has(question)).length;
    }
    expect(wouldHaveBeenShown).toBeGreaterThan(0);
  });

  it("warns where there is too little to split", async () => {
    const described = await describeDataset(await file("few.jsonl", 20), sizes, signal);
    expect(described).toMatchObject({ ok: true, value: { splitSizes: null, trainPreview: [], warnings: [expect.stringContaining("at least 60") as string] } });
  });
});
