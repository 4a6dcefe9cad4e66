import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "./commands.js";
import { main } from "./main.js";

let home = "";
beforeAll(async () => { home = await mkdtemp(path.join(os.tmpdir(), "trex-main-")); });
afterAll(async () => { await rm(home, { recursive: true, force: true }); });

async function trex(...arguments_: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const text = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof text) => ({ write: (chunk: string) => { text[name] += chunk; } });
  const code = await main({ arguments: arguments_, stdout: stream("stdout"), stderr: stream("stderr"), environment: { TREX_HOME: home }, signal: new AbortController().signal });
  return { code, ...text };
}

describe("the command line", () => {
  it.each([
    [["bogus"], "no command"],
    [["run"], "--model is missing"],
    [["run", "--model", "m", "--data", "d"], "--goal is missing"],
    [["run", "--seed", "x", "task.yaml"], "whole number"],
    [["run", "--seed", "-1", "task.yaml"], "--seed"],
    [["run", "--bogus"], "bogus"],
    [["show"], "needs more"],
    [["doctor", "extra"], "extra"],
    [["export", "x", "--as", "floppy", "--out", "y"], "must be one of"],
    [["export", "x", "--as", "adapter"], "--out is missing"],
    [["export", "x", "--as", "adapter", "--out", "y", "--base", "z"], "--base goes with --as peft"],
    [["eval", "--model", "m", "--data", "d", "--suite", "iq"], "must be one of"],
    [["data", "eat", "file"], "inspect"],
    [["bench", "coffee"], "train"],
    [["serve", "--port", "99999"], "65535"],
  ])("refuses trex %j as wrong usage", async (arguments_, words) => {
    const { code, stdout, stderr } = await trex(...arguments_);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stdout).toBe("");
  });

  it("says wrong usage as JSON, too", async () => {
    const { code, stdout } = await trex("show", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "usage" } });
  });

  it.each(commands.map((command) => command.name))("%s has help with an example", async (name) => {
    const { code, stdout, stderr } = await trex(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`trex ${name}: `);
    expect(stdout).toContain("Example:  ");
    expect(stderr).toBe("");
  });

  it("lists every command that is meant for people", async () => {
    const { code, stdout } = await trex("--help");
    expect(code).toBe(0);
    for (const { name, hidden } of commands) expect(stdout.includes(`  trex ${name} `)).toBe(hidden !== true);
    expect((await trex()).code).toBe(2);
  });

  it.each([
    [["run", "/nonexistent/task.yaml"], "does not exist"],
    [["run", "--model", "/nonexistent/m.gguf", "--data", "/nonexistent/d", "--goal", "g"], "does not exist"],
    [["run", "--model", "/nonexistent/m.gguf", "--data", "d", "--goal", "g", "--budget", "soon"], "not a length of time"],
    [["show", "../../etc"], "not a run id"],
    [["resume", "20200101-0000-abcdef"], "no run"],
    [["train", "/nonexistent/request.json"], "no such file"],
    [["data", "inspect", "/nonexistent/rows.jsonl"], "rows.jsonl"],
  ])("fails trex %j with one sentence and no stack", async (arguments_, words) => {
    const { code, stdout, stderr } = await trex(...arguments_);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
  });

  it("keeps control sequences in file names away from the terminal", async () => {
    const { stderr } = await trex("run", "/nonexistent/\u001b[31mred.yaml");
    expect(stderr).not.toContain("\u001b");
  });

  it("lists no runs in an empty home", async () => {
    const { code, stdout } = await trex("ls", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it("turns a bug into a sentence that names the log", async () => {
    const command = commands.find(({ name }) => name === "ls");
    if (command === undefined) throw new Error("no ls");
    const run = command.run;
    Object.assign(command, { run: async () => { throw new TypeError("cannot read properties of undefined"); } });
    try {
      const { code, stderr } = await trex("ls");
      expect(code).toBe(1);
      expect(stderr).not.toContain("TypeError");
      const [log] = await readdir(path.join(home, "logs"));
      expect(stderr).toContain(log);
      expect(await readFile(path.join(home, "logs", log ?? ""), "utf8")).toContain("TypeError: cannot read properties of undefined");
    } finally {
      Object.assign(command, { run });
    }
  });

  it("reads a task file with options of the command line on top", async () => {
    const file = path.join(home, "task.yaml");
    await writeFile(file, "goal: g\nmodel: none.gguf\ndata: none.jsonl\nseed: 3\n");
    const { stderr } = await trex("run", file);
    expect(stderr).toContain(path.join(home, "none.gguf"));
    expect((await trex("run", file, "--budget", "soon")).stderr).toContain("soon");
  });
});
