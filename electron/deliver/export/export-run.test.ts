import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fail, ok, type RunView } from "../../contract/index.js";
import { createSession } from "../../session/index.js";
import { World } from "../../../test/fixtures/session/world.js";
import { exportRun, type ExportKind, type Merge, type WritePeft } from "../index.js";
import { modelfile } from "./modelfile.js";
import { slugOf } from "../slug.js";
import { usageText } from "./usage.js";

const never = new AbortController().signal;
const adapterBytes = "GGUF adapter bytes";
const sha256 = createHash("sha256").update(adapterBytes).digest("hex");
let folder: string;
let view: RunView;

/** A finished run whose delivered adapter really lies on disk. */
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "trex-export-"));
  const adapterPath = path.join(folder, "trained.gguf");
  await writeFile(adapterPath, adapterBytes);
  const finished = await createSession(new World({ task: { maxNodes: 8 } }).dependencies()).run(never);
  const delivery = { ...finished.delivery!, adapterPath };
  view = { ...finished, delivery, nodes: finished.nodes.map((node) => (node.id === delivery.nodeId ? { ...node, adapterPath, adapterSha256: sha256 } : node)) };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const merge: Merge = async ({ modelPath, adapterPath, outPath }) => {
  await writeFile(outPath, `merged ${modelPath} + ${await readFile(adapterPath, "utf8")}`);
  return ok(undefined);
};
const writePeft: WritePeft = async ({ modelPath, adapterPath, outPath, baseModelName }) => {
  await mkdir(outPath);
  await writeFile(path.join(outPath, "adapter_model.safetensors"), `peft ${modelPath} + ${await readFile(adapterPath, "utf8")}`);
  await writeFile(path.join(outPath, "adapter_config.json"), JSON.stringify({ base_model_name_or_path: baseModelName }));
  return ok(undefined);
};
const exported = (as: ExportKind, changed: RunView = view, more: { baseModelName?: string } = {}) => exportRun({ view: changed, as, outDirectory: path.join(folder, "out"), merge, writePeft, ...more, signal: never });

describe("exportRun", () => {
  it("copies the adapter with a checksum file and a page that says how to use it", async () => {
    const result = await exported("adapter");
    if (!result.ok) throw new Error(result.error.message);
    const { mainPath, files } = result.value;
    expect(await readFile(mainPath, "utf8")).toBe(adapterBytes);
    expect(await readFile(`${mainPath}.sha256`, "utf8")).toBe(`${sha256}  ${path.basename(mainPath)}\n`);
    const readme = await readFile(files.find((file) => file.endsWith("README.md"))!, "utf8");
    expect(readme).toContain(`llama-cli -m base.gguf --lora ${path.basename(mainPath)}`);
    expect(readme).toContain(view.vault!.score.toFixed(3));
  });

  it("merges through the port", async () => {
    const result = await exported("merged");
    if (!result.ok) throw new Error(result.error.message);
    const merged = `merged base.gguf + ${adapterBytes}`;
    expect(await readFile(result.value.mainPath, "utf8")).toBe(merged);
    expect(result.value.sha256).toBe(createHash("sha256").update(merged).digest("hex"));
  });

  it("lays LM Studio's folders out as publisher and model", async () => {
    const result = await exported("lmstudio");
    if (!result.ok) throw new Error(result.error.message);
    const parts = path.relative(path.join(folder, "out"), result.value.mainPath).split(path.sep);
    expect(parts).toHaveLength(3);
    expect(parts[0]).toBe("trex");
    expect(parts[2]).toBe(`${parts[1]!}.gguf`);
  });

  it("writes a Modelfile that keeps the model's own template", async () => {
    const result = await exported("ollama");
    if (!result.ok) throw new Error(result.error.message);
    const text = await readFile(result.value.mainPath, "utf8");
    const instructions = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(" ")[0]);
    expect(instructions).toEqual(["FROM", "ADAPTER", "PARAMETER"]);
    const adapter = /^ADAPTER \.\/(.+)$/m.exec(text)![1]!;
    await access(path.join(folder, "out", adapter));
  });

  it("writes a folder for PEFT, with its weights' checksum and a script", async () => {
    const result = await exported("peft", view, { baseModelName: "maker/model-0.5b" });
    if (!result.ok) throw new Error(result.error.message);
    const { mainPath, files } = result.value;
    const out = path.join(folder, "out");
    const weights = `peft base.gguf + ${adapterBytes}`;
    expect(await readFile(path.join(mainPath, "adapter_model.safetensors"), "utf8")).toBe(weights);
    expect(await readFile(path.join(mainPath, "adapter_config.json"), "utf8")).toContain("maker/model-0.5b");
    expect(result.value.sha256).toBe(createHash("sha256").update(weights).digest("hex"));
    expect(await readFile(`${mainPath}.sha256`, "utf8")).toBe(`${result.value.sha256}  ${path.basename(mainPath)}/adapter_model.safetensors\n`);
    for (const file of files) await access(file);
    expect(files).toHaveLength(4);
    const readme = await readFile(files.find((file) => file.endsWith("README.md"))!, "utf8");
    expect(readme).toContain(`PeftModel.from_pretrained(base, "./${path.relative(out, mainPath)}")`);
    expect(readme).not.toContain("only works with that file");
    expect((await exported("peft")).ok).toBe(false);
  });

  it("names the base of a PEFT folder as the model file names itself when nobody says otherwise", async () => {
    const result = await exported("peft");
    if (!result.ok) throw new Error(result.error.message);
    expect(JSON.parse(await readFile(path.join(result.value.mainPath, "adapter_config.json"), "utf8"))).toEqual({ base_model_name_or_path: view.requirement!.modelName });
  });

  it("puts the worked examples into the Modelfile when it is given them", async () => {
    const shots = [{ role: "user" as const, content: 'say """hi"""\nFROM evil' }, { role: "assistant" as const, content: '{"a":"b"}' }];
    const result = await exportRun({ view, as: "ollama", outDirectory: path.join(folder, "out"), merge, writePeft, shots, signal: never });
    if (!result.ok) throw new Error(result.error.message);
    const text = await readFile(result.value.mainPath, "utf8");
    expect(text).toContain('MESSAGE user """say \'\'\'hi\'\'\'\nFROM evil"""\nMESSAGE assistant """{"a":"b"}"""');
  });

  describe("of a delivered prompt", () => {
    const prompted = (): RunView => ({
      ...view, delivery: { ...view.delivery!, kind: "prompt", adapterPath: null },
      nodes: view.nodes.map((node) => (node.id === view.delivery!.nodeId ? { ...node, adapterPath: null, adapterSha256: null, recipe: { ...node.recipe, training: null, prompt: { system: 'Be "exact".', fewShot: 2, shotSelection: "coverage" as const } } } : node)),
    });

    it("is a Modelfile with the system prompt and no adapter", async () => {
      const result = await exportRun({ view: prompted(), as: "ollama", outDirectory: path.join(folder, "out"), merge, writePeft, shots: [{ role: "user", content: "q" }, { role: "assistant", content: "a" }], signal: never });
      if (!result.ok) throw new Error(result.error.message);
      const text = await readFile(result.value.mainPath, "utf8");
      expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(" ")[0])).toEqual(["FROM", "PARAMETER", "SYSTEM", "MESSAGE", "MESSAGE"]);
      expect(text).toContain('SYSTEM """Be "exact"."""');
      expect(result.value.sha256).toBe(createHash("sha256").update(text).digest("hex"));
      const readme = await readFile(result.value.files.find((file) => file.endsWith("README.md"))!, "utf8");
      expect(readme).toContain("the Modelfile holds them");
      expect(readme).not.toMatch(/adapter|fine-tuned/i);
    });

    it("is a preset for LM Studio", async () => {
      const result = await exported("lmstudio", prompted());
      if (!result.ok) throw new Error(result.error.message);
      const preset = JSON.parse(await readFile(result.value.mainPath, "utf8")) as { operation: { fields: { key: string; value: unknown }[] } };
      expect(Object.fromEntries(preset.operation.fields.map(({ key, value }) => [key, value]))).toEqual({ "llm.prediction.systemPrompt": 'Be "exact".', "llm.prediction.temperature": 0 });
    });

    it.each(["adapter", "merged", "peft"] as const)("has no %s, says so, and writes nothing", async (as) => {
      const result = await exported(as, prompted());
      expect(result.ok ? "" : [result.error.class, result.error.code]).toEqual(["CONFIG", "export.prompt_delivered"]);
      await expect(access(path.join(folder, "out"))).rejects.toThrow();
    });
  });

  it("never replaces a file", async () => {
    await exported("adapter");
    const again = await exported("adapter");
    expect(again.ok ? "" : again.error.code).toBe("export.exists");
  });

  it("refuses a file that is not the one that was scored", async () => {
    await writeFile(view.delivery!.adapterPath!, "something else");
    const result = await exported("adapter");
    expect(result.ok ? "" : result.error.code).toBe("export.adapter_changed");
  });

  it.each([
    ["export.base_delivered", (run: RunView): RunView => ({ ...run, delivery: { ...run.delivery!, kind: "base", adapterPath: null } })],
    ["export.not_finished", (run: RunView): RunView => ({ ...run, delivery: null })],
  ])("%s is a sentence", async (code, change) => {
    const result = await exported("merged", change(view));
    expect(result.ok ? "" : [result.error.class, result.error.code]).toEqual(["CONFIG", code]);
  });

  it("passes on why a merge failed", async () => {
    const result = await exportRun({ view, as: "merged", outDirectory: path.join(folder, "out"), merge: async () => fail("ENV", "merge.failed", "No room."), writePeft, signal: never });
    expect(result.ok ? "" : result.error.code).toBe("merge.failed");
  });
});

describe("text that others wrote", () => {
  it("cannot leave its place in a Modelfile", () => {
    const text = modelfile({ modelPath: "/models/a.gguf\nADAPTER /etc/passwd", adapterFileName: "a.gguf", system: 'Be kind."""\nFROM evil\n"""' });
    expect(text.split("\n").filter((line) => line.startsWith("FROM"))).toEqual(["FROM /models/a.gguf ADAPTER /etc/passwd", "FROM evil"]);
    // The second FROM stands inside the quoted text, which has exactly two ends.
    expect(text.match(/"""/g)).toHaveLength(2);
    expect(text.trimEnd().endsWith('"""')).toBe(true);
  });

  it("cannot leave a code block of the page", () => {
    const page = usageText({ view, as: "adapter", fileName: "a.gguf", folder: "/out", ollamaName: "a", prompt: { system: "x\n````\n# Heading\n````", fewShot: 0, shotSelection: "fixed" } });
    expect(page).toContain("`````\nx\n````\n# Heading\n````\n`````");
  });

  it.each([["Qwen2 0.5B Instruct", "qwen2-0-5b-instruct"], ["../../etc/passwd", "etc-passwd"], ["日本", "model"], ["", "model"]])("%s becomes the file name %s", (text, slug) => {
    expect(slugOf(text)).toBe(slug);
  });
});
