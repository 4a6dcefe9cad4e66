import { createHash } from "node:crypto";
import path from "node:path";
import { fail, ok, type Result } from "../../contract/index.js";
import { writeFileAtomic } from "../../store/index.js";
import { slugOf } from "../slug.js";
import type { ExportedRun, ExportRequest } from "./export-run.js";
import { createFolder, mustBeFree } from "./files.js";
import { modelfile } from "./modelfile.js";
import { usageText } from "./usage.js";

/** Hands over a prompt for the base model: as a Modelfile for Ollama, as a preset for LM Studio. There is no model file to make. */
export async function exportPrompt({ view, as, outDirectory, shots = [] }: ExportRequest): Promise<Result<ExportedRun>> {
  const { delivery, requirement } = view;
  const node = view.nodes.find((candidate) => candidate.id === delivery?.nodeId);
  if (requirement === null || node === undefined) return fail("CONFIG", "export.not_finished", "This run has delivered nothing yet.", "Resume it, and export when it is done.");
  const { prompt } = node.recipe;
  if (as !== "ollama" && as !== "lmstudio") {
    return fail("CONFIG", "export.prompt_delivered", `This run delivered a prompt for the base model, so there is no ${as === "merged" ? "trained model" : "adapter"} to export.`, "Export it as ollama or lmstudio, or take the prompt from the report.");
  }
  const name = `${slugOf(requirement.modelName)}-${slugOf(view.runId)}`;
  const isOllama = as === "ollama";
  const fileName = isOllama ? "Modelfile" : `${name}.preset.json`;
  const text = isOllama ? modelfile({ modelPath: requirement.modelPath, adapterFileName: null, system: prompt.system, shots }) : preset(name, prompt.system);
  const made = await createFolder(outDirectory);
  if (!made.ok) return made;
  const mainPath = path.join(outDirectory, fileName);
  const readme = path.join(outDirectory, `${name}-README.md`);
  const free = await mustBeFree(mainPath);
  if (!free.ok) return free;
  const sha256 = createHash("sha256").update(text).digest("hex");
  const papers: [string, string][] = [[mainPath, text], [`${mainPath}.sha256`, `${sha256}  ${fileName}\n`], [readme, usageText({ view, as, fileName, folder: outDirectory, ollamaName: name, prompt, shotsIncluded: isOllama && shots.length > 0 })]];
  for (const [file, content] of papers) {
    const written = await writeFileAtomic(file, content);
    if (!written.ok) return written;
  }
  return ok({ mainPath, files: papers.map(([file]) => file), sha256 });
}

/** LM Studio keeps presets as lists of settings by name; those left out stay as they are. */
function preset(name: string, system: string | null): string {
  const fields = [...(system === null ? [] : [{ key: "llm.prediction.systemPrompt", value: system }]), { key: "llm.prediction.temperature", value: 0 }];
  return `${JSON.stringify({ identifier: `@local:${name}`, name, changed: false, operation: { fields }, load: { fields: [] } }, null, 2)}\n`;
}
