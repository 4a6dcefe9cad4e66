import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "./main.js";

let folder = "";
beforeAll(async () => { folder = await mkdtemp(path.join(os.tmpdir(), "trex-bench-")); });
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

async function bench(...rest: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const text = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof text) => ({ write: (chunk: string) => { text[name] += chunk; } });
  const code = await main({ arguments: ["bench", "search", ...rest], stdout: stream("stdout"), stderr: stream("stderr"), environment: { TREX_HOME: folder }, signal: new AbortController().signal });
  return { code, ...text };
}
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
};
const small = "version: 1\nname: small\nbudgetSeconds: 900\nfamilies:\n  - { name: one }\n  - { name: two, constants: { rows: 300 } }\n";

describe("trex bench search", () => {
  it("judges policies on a scenario file and repeats with its seed", async () => {
    const scenarios = await file("small.yaml", small);
    const run = (): ReturnType<typeof bench> => bench("--scenarios", scenarios, "--seeds", "2", "--seed", "7", "--policies", "random,TPE", "--json");
    const [first, second] = [await run(), await run()];
    expect(first.code).toBe(0);
    const result = JSON.parse(first.stdout) as { scenario: string; seeds: number; report: { tables: { family: string; rows: { policy: string }[] }[]; missing: unknown[] }; runs: { seed: number; policy: string }[] };
    expect(result).toMatchObject({ scenario: "small", seeds: 2 });
    expect(result.report.tables.map((table) => [table.family, table.rows.map((row) => row.policy)])).toEqual([["one", ["random", "TPE"]], ["two", ["random", "TPE"]]]);
    expect(result.runs.map((each) => `${each.policy} ${each.seed}`)).toEqual(["random 7", "TPE 7", "random 8", "TPE 8", "random 7", "TPE 7", "random 8", "TPE 8"]);
    expect(result.report.missing).toHaveLength(2);
    expect((JSON.parse(second.stdout) as typeof result).runs).toEqual(result.runs);
  });

  it("writes its tables between the marks of a page and leaves the rest", async () => {
    const scenarios = await file("small.yaml", small);
    const page = await file("page.md", "# Mine\n\n<!-- results: generated -->\nold\n<!-- /results -->\n\nKept.\n");
    const { code, stdout } = await bench("--scenarios", scenarios, "--seeds", "1", "--families", "two", "--policies", "random", "--markdown", page);
    expect(code).toBe(0);
    expect(stdout).toContain("not run: no model at hand");
    const text = await readFile(page, "utf8");
    expect(text).toMatch(/^# Mine\n\n<!-- results: generated -->\nScenarios "small"/);
    expect(text).toContain("\nKept.\n");
    expect(text).not.toContain("old");
  });

  it.each([
    [["--seeds", "0"], 2, "--seeds"],
    [["--families", "moon"], 2, "not \"moon\""],
    [["--policies", "luck"], 2, "not \"luck\""],
    [["--scenarios", "nowhere.yaml"], 1, "cannot be read"],
  ])("refuses %j", async (rest, expected, words) => {
    const { code, stdout, stderr } = await bench(...rest);
    expect(code).toBe(expected);
    expect(stderr).toContain(words);
    expect(stdout).toBe("");
  });

  it("refuses what is no scenario with a sentence that names the field", async () => {
    const notYaml = await bench("--scenarios", await file("a.yaml", "a: [b"));
    expect([notYaml.code, notYaml.stderr]).toEqual([1, expect.stringContaining("not valid YAML")]);
    const wrong = await bench("--scenarios", await file("b.yaml", small.replace("rows: 300", "row: 300")));
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("families.two.constants: does not know \"row\".")]);
  });
});
