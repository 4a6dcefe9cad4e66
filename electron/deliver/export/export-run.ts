import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { fail, ok, type Message, type Result, type RunView, type TreeNode } from "../../contract/index.js";
import { writeFileAtomic } from "../../store/index.js";
import { exportPrompt } from "./export-prompt.js";
import { attempt, createFolder, mustBeFree, sha256Of } from "./files.js";
import { modelfile } from "./modelfile.js";
import { slugOf } from "../slug.js";
import { usageText } from "./usage.js";

export const exportKinds = ["adapter", "merged", "ollama", "lmstudio", "peft"] as const;
export type ExportKind = (typeof exportKinds)[number];

/** Folds an adapter into a whole model file; `app` hands in trex-train's `merge`. */
export type Merge = (request: { readonly modelPath: string; readonly adapterPath: string; readonly outPath: string }, signal: AbortSignal) => Promise<Result<void>>;

/** Writes an adapter as a folder for Hugging Face's PEFT; `app` hands in trex-train's `export-adapter`. */
export type WritePeft = (request: { readonly modelPath: string; readonly adapterPath: string; readonly outPath: string; readonly baseModelName: string }, signal: AbortSignal) => Promise<Result<void>>;

export interface ExportRequest {
  readonly view: RunView;
  readonly as: ExportKind;
  /** Made when it is not there. Existing files are never replaced. */
  readonly outDirectory: string;
  readonly merge: Merge;
  readonly writePeft: WritePeft;
  /** For `peft`: the Hugging Face model that the GGUF file was made from; the file's own name when absent. */
  readonly baseModelName?: string;
  /** The messages of the worked examples that stood before every question, where they are the same for all (data, `openShots`). */
  readonly shots?: readonly Message[];
  readonly signal: AbortSignal;
}

export interface ExportedRun {
  /** What to open: the adapter, the model, Ollama's Modelfile, or PEFT's folder. */
  readonly mainPath: string;
  readonly files: readonly string[];
  readonly sha256: string;
}

interface Delivered {
  readonly node: TreeNode;
  readonly modelPath: string;
  readonly adapterPath: string;
  readonly adapterSha256: string;
  /** Safe as a file name on every system. */
  readonly name: string;
}

/** Hands a run's delivered adapter or prompt over in the form another program loads. CONFIG when there is nothing to hand over. */
export async function exportRun(request: ExportRequest): Promise<Result<ExportedRun>> {
  if (request.view.delivery?.kind === "prompt") return exportPrompt(request);
  const delivered = await deliveredBy(request.view);
  if (!delivered.ok) return delivered;
  const prepared = await createFolder(request.outDirectory);
  if (!prepared.ok) return prepared;
  switch (request.as) {
    case "adapter":
      return exportAdapter(request, delivered.value);
    case "merged":
      return exportMerged(request, delivered.value, request.outDirectory);
    case "ollama":
      return exportOllama(request, delivered.value);
    case "lmstudio":
      // LM Studio shows models two folders deep only: publisher, then model.
      return exportMerged(request, delivered.value, path.join(request.outDirectory, "trex", delivered.value.name));
    case "peft":
      return exportPeft(request, delivered.value);
  }
}

async function deliveredBy(view: RunView): Promise<Result<Delivered>> {
  const { delivery, requirement } = view;
  if (delivery === null || requirement === null) return fail("CONFIG", "export.not_finished", "This run has delivered nothing yet.", "Resume it, and export when it is done.");
  const node = view.nodes.find((candidate) => candidate.id === delivery.nodeId);
  if (delivery.kind === "base" || delivery.adapterPath === null || node?.adapterSha256 == null) {
    return fail("CONFIG", "export.base_delivered", "This run delivered the base model, so there is no adapter to export.", `Use the model file as it is: ${requirement.modelPath}. The report says which prompt served it best.`);
  }
  const actual = await sha256Of(delivery.adapterPath);
  if (!actual.ok) return actual;
  if (actual.value !== node.adapterSha256) return fail("DATA", "export.adapter_changed", "The adapter file is not the one that was scored, so it is not exported.", "Restore the run's folder from a backup, or run again.");
  return ok({ node, modelPath: requirement.modelPath, adapterPath: delivery.adapterPath, adapterSha256: node.adapterSha256, name: `${slugOf(requirement.modelName)}-${slugOf(view.runId)}` });
}

async function exportAdapter(request: ExportRequest, delivered: Delivered): Promise<Result<ExportedRun>> {
  const target = path.join(request.outDirectory, `${delivered.name}-adapter.gguf`);
  const copied = await copyNew(delivered.adapterPath, target);
  return copied.ok ? withPapers(request, delivered, request.outDirectory, target, delivered.adapterSha256) : copied;
}

async function exportMerged(request: ExportRequest, delivered: Delivered, folder: string): Promise<Result<ExportedRun>> {
  const made = await createFolder(folder);
  if (!made.ok) return made;
  const target = path.join(folder, `${delivered.name}.gguf`);
  const free = await mustBeFree(target);
  if (!free.ok) return free;
  const merged = await request.merge({ modelPath: delivered.modelPath, adapterPath: delivered.adapterPath, outPath: target }, request.signal);
  if (!merged.ok) return merged;
  const sha256 = await sha256Of(target);
  return sha256.ok ? withPapers(request, delivered, folder, target, sha256.value) : sha256;
}

async function exportOllama(request: ExportRequest, delivered: Delivered): Promise<Result<ExportedRun>> {
  const adapter = await exportAdapter(request, delivered);
  if (!adapter.ok) return adapter;
  const target = path.join(request.outDirectory, "Modelfile");
  const free = await mustBeFree(target);
  if (!free.ok) return free;
  const written = await writeFileAtomic(target, modelfile({ modelPath: delivered.modelPath, adapterFileName: path.basename(adapter.value.mainPath), system: delivered.node.recipe.prompt.system, shots: request.shots ?? [] }));
  return written.ok ? ok({ ...adapter.value, mainPath: target, files: [...adapter.value.files, target] }) : written;
}

async function exportPeft(request: ExportRequest, delivered: Delivered): Promise<Result<ExportedRun>> {
  const target = path.join(request.outDirectory, `${delivered.name}-peft`);
  const free = await mustBeFree(target);
  if (!free.ok) return free;
  const { modelPath, adapterPath } = delivered;
  const baseModelName = request.baseModelName ?? request.view.requirement?.modelName ?? path.basename(modelPath);
  const written = await request.writePeft({ modelPath, adapterPath, outPath: target, baseModelName }, request.signal);
  if (!written.ok) return written;
  const sha256 = await sha256Of(path.join(target, peftFiles.weights));
  return sha256.ok ? withPapers(request, delivered, request.outDirectory, target, sha256.value, [peftFiles.weights, peftFiles.config]) : sha256;
}

/** The names PEFT looks for. */
const peftFiles = { weights: "adapter_model.safetensors", config: "adapter_config.json" } as const;

/**
 * A checksum file in the form `sha256sum --check` reads, and a page that says how to use what was exported.
 * @param within where `mainPath` is a folder: its files, first the one that `sha256` is of
 */
async function withPapers(request: ExportRequest, delivered: Delivered, folder: string, mainPath: string, sha256: string, within: readonly string[] = []): Promise<Result<ExportedRun>> {
  const fileName = path.basename(mainPath);
  const checked = within[0] === undefined ? fileName : `${fileName}/${within[0]}`;
  const sums = path.join(folder, `${fileName}.sha256`);
  const readme = path.join(folder, `${delivered.name}-README.md`);
  const papers = [
    { file: sums, text: `${sha256}  ${checked}\n` },
    { file: readme, text: usageText({ view: request.view, as: request.as, fileName, folder, ollamaName: delivered.name, prompt: delivered.node.recipe.prompt, shotsIncluded: request.as === "ollama" && (request.shots?.length ?? 0) > 0 }) },
  ];
  for (const { file, text } of papers) {
    const written = await writeFileAtomic(file, text);
    if (!written.ok) return written;
  }
  const files = within.length === 0 ? [mainPath] : within.map((name) => path.join(mainPath, name));
  return ok({ mainPath, files: [...files, sums, readme], sha256 });
}

async function copyNew(source: string, target: string): Promise<Result<void>> {
  const free = await mustBeFree(target);
  if (!free.ok) return free;
  return attempt(`Cannot copy the adapter to ${target}`, () => copyFile(source, target, constants.COPYFILE_EXCL));
}
