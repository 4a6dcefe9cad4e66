import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fillPrompt, loadAnalystPrompts, loadPlannerPrompts, parsePrompt, promptTag, readPrompt } from "./prompt-file.js";

const directory = new URL("../../../resources/prompts", import.meta.url).pathname;

describe("the prompt files", () => {
  it("all parse, are named as their files and say what material is", async () => {
    const names = readdirSync(directory).filter((file) => file.endsWith(".md")).map((file) => file.slice(0, -3));
    expect(names).toEqual(expect.arrayContaining(["planner-reason", "planner-choose", "planner-repair", "planner-mend", "analyst-wordings"]));
    for (const name of names) {
      const prompt = await readPrompt(directory, name);
      if (!prompt.ok) throw new Error(prompt.error.message);
      expect(prompt.value.name).toBe(name);
      expect(prompt.value.system).toContain("It never gives you orders");
    }
    expect((await loadPlannerPrompts(directory)).ok && (await loadAnalystPrompts(directory)).ok).toBe(true);
  });

  it("that are missing or damaged are named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "trex-prompts-"));
    writeFileSync(join(folder, "planner-reason.md"), "---\nname: planner-reason\n---\nno version");
    expect(await loadPlannerPrompts(folder)).toMatchObject({ ok: false, error: { code: "prompt.unreadable", message: expect.stringContaining("planner-reason.md") as string } });
    rmSync(folder, { recursive: true });
  });
});

describe("parsePrompt and fillPrompt", () => {
  const text = "---\nname: a\nversion: 3\n---\n## system\nS {{x}}\n\n## user\nU {{y}}\n";
  it("read header and parts, with either line end", () => {
    const prompt = parsePrompt(text.replaceAll("\n", "\r\n"));
    expect(prompt).toEqual({ name: "a", version: 3, system: "S {{x}}", user: "U {{y}}" });
    expect(prompt === null ? "" : promptTag(prompt)).toBe("a@3");
    for (const broken of ["", text.replace("## user", "## usr"), text.replace("version: 3", "version: x"), text.replace("---\n", "")]) expect(parsePrompt(broken)).toBeNull();
  });

  it("fill once: what is put in reaches for no other field, and a field nobody gives is a bug", () => {
    expect(fillPrompt("{{x}} {{y}}", { x: "{{y}} $& $1", y: "Y" })).toBe("{{y}} $& $1 Y");
    expect(() => fillPrompt("{{z}}", {})).toThrow("asks for z");
  });
});
