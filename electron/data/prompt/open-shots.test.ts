import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Example, Prompt } from "../../contract/index.js";
import { writeJsonLines } from "../../store/index.js";
import { idOf } from "../identity.js";
import { coverageShotsPath, importPath, shotsPath, splitPath } from "../split-files.js";
import { commonShots, openShots } from "./open-shots.js";

const { signal } = new AbortController();
const example = (question: string, answer = "a"): Example => {
  const messages: Example["messages"] = [{ role: "user", content: question }, { role: "assistant", content: answer }];
  return { id: idOf(messages), sourceRow: 1, messages };
};
const train = Array.from({ length: 40 }, (_, at) => example(`train question ${at}`));
let run = "";
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "trex-shots-"));
  await mkdir(join(run, "data"));
  await mkdir(join(run, "vault"));
  await writeJsonLines(splitPath(run, "train"), train);
  await writeJsonLines(shotsPath(run), train.slice(0, 17));
  for (const split of ["dev-search", "dev-select", "vault"] as const) await writeJsonLines(splitPath(run, split), Array.from({ length: 20 }, (_, at) => example(`train question ${at} HELD-OUT-CANARY ${split}`)));
});
afterEach(async () => { await rm(run, { recursive: true, force: true }); });

const choose = async (shotSelection: Prompt["shotSelection"], asked: Example, count = 16) => {
  const shots = await openShots(run, { system: null, fewShot: 16, shotSelection }, signal);
  if (!shots.ok) throw new Error(shots.error.message);
  return { shown: shots.value.choose(asked, count), limit: shots.value.mostPromptTokens };
};

describe("openShots", () => {
  it.each(["fixed", "similar", "coverage"] as const)("%s: shows training rows only, whatever the question", async (selection) => {
    for (const question of ["train question 3 HELD-OUT-CANARY vault", "train question 5", "other"]) {
      const { shown } = await choose(selection, example(question));
      expect(shown).toHaveLength(16);
      expect(JSON.stringify(shown)).not.toContain("CANARY");
      expect(shown.map(({ id }) => id)).not.toContain(example(question).id);
    }
  });

  it("reads a run that was made before there were other selections", async () => {
    expect((await choose("fixed", example("q"), 2)).shown.map(({ messages }) => messages[0]!.content)).toEqual(["train question 0", "train question 1"]);
    const covered = await choose("coverage", example("q"));
    expect(covered).toMatchObject({ limit: null });
    expect(await choose("coverage", example("q"))).toEqual(covered);
  });

  it("takes the covering set that was kept, and the room that the context leaves", async () => {
    await writeJsonLines(coverageShotsPath(run), [example("kept")]);
    await writeFile(importPath(run), JSON.stringify({ contextLength: 1000, longestAnswerTokens: 80, sizes: {} }));
    expect(await choose("coverage", example("q"))).toMatchObject({ limit: 896, shown: [{ id: example("kept").id }] });
    expect((await choose("similar", example("q"))).limit).toBe(896);
  });

  it("gives an export the examples that all questions share, and none where each has its own", async () => {
    const common = async (shotSelection: Prompt["shotSelection"]) => commonShots(run, { system: null, fewShot: 2, shotSelection }, signal);
    expect(await common("fixed")).toEqual({ ok: true, value: train.slice(0, 2).flatMap(({ messages }) => messages) });
    expect(await common("similar")).toEqual({ ok: true, value: [] });
  });

  it("asks for no file when no worked example is shown, and says which one is broken otherwise", async () => {
    const none = { system: null, fewShot: 0, shotSelection: "similar" } as const;
    await writeFile(shotsPath(run), "{broken");
    expect((await openShots(run, none, signal)).ok).toBe(true);
    const broken = await openShots(run, { ...none, fewShot: 2 }, signal);
    expect(broken.ok ? "" : broken.error.message).toContain("shots.jsonl");
    expect(await readFile(shotsPath(run), "utf8")).toBe("{broken");
  });
});
