import path from "node:path";
import { ok, type Message, type Result, type RunView } from "../../contract/index.js";
import { commonShots } from "../../data/index.js";
import { exportKinds, exportRun, type ExportKind, type Merge, type WritePeft } from "../../deliver/index.js";
import { refuse, usageFailure, type Command, type CommandContext } from "./command.js";

export const exportCommand: Command = {
  name: "export",
  summary: "hand a run's result to llama.cpp, LM Studio, Ollama or PEFT",
  usage: "export ID --as adapter|merged|ollama|lmstudio|peft --out DIR [--base NAME] [--json]",
  details: [
    "--as KIND   adapter: the small GGUF adapter; merged: one whole model; ollama: with a Modelfile; lmstudio: in its folder layout;",
    "            peft: the adapter as a folder for Hugging Face's PEFT",
    "--out DIR   made when it is not there; nothing in it is replaced",
    "--base NAME peft: the Hugging Face model that the GGUF file was made from (default: the file's own name for itself)",
  ],
  example: "trex export 20261123-0436-9f3a2c --as ollama --out ./tickets",
  options: { as: { type: "string" }, out: { type: "string" }, base: { type: "string" } },
  positionals: { least: 1, most: 1 },
  async run(context) {
    const as = exportKinds.find((kind) => kind === context.values.text("as"));
    const out = context.values.text("out");
    if (as === undefined) return refuse(context, usageFailure(`--as must be one of ${exportKinds.join(", ")}.`));
    if (context.values.text("base") !== undefined && as !== "peft") return refuse(context, usageFailure("--base goes with --as peft."));
    if (out === undefined) return refuse(context, usageFailure("--out is missing: name the folder to write to."));
    return await exportTo(context, as, path.resolve(out));
  },
};

async function exportTo(context: CommandContext, as: ExportKind, outDirectory: string): Promise<0 | 1 | 2 | 130> {
  const app = context.app();
  const view = await app.runs.view(context.positionals[0] ?? "");
  if (!view.ok) return refuse(context, view.error);
  const merge: Merge = async ({ modelPath, adapterPath, outPath }, signal) => {
    context.output.note("Folding the adapter into the model…");
    const merged = await app.train.merge({ model: modelPath, adapter: adapterPath, out: outPath, type: "keep" }, signal);
    return merged.ok ? ok(undefined) : merged;
  };
  const writePeft: WritePeft = ({ modelPath, adapterPath, outPath, baseModelName }, signal) => app.train.exportAdapter({ model: modelPath, adapter: adapterPath, out: outPath, baseModelName }, signal);
  const base = context.values.text("base");
  const shots = await shotsOf(context, view.value);
  if (!shots.ok) return refuse(context, shots.error);
  const exported = await exportRun({ view: view.value, as, outDirectory, merge, writePeft, ...(base === undefined ? {} : { baseModelName: base }), shots: shots.value, signal: context.signal });
  if (!exported.ok) return refuse(context, exported.error);
  if (context.json) context.output.json(exported.value);
  else context.output.result([`Written to ${outDirectory}:`, ...exported.value.files.map((file) => `  ${file}`), `Open ${exported.value.mainPath}`].join("\n"));
  return 0;
}

/** The worked examples a delivered prompt shows, so that an export can hold them; none for an adapter's plain prompt. */
async function shotsOf(context: CommandContext, view: RunView): Promise<Result<readonly Message[]>> {
  const node = view.nodes.find((each) => each.id === view.delivery?.nodeId);
  const directory = context.app().runs.directory(view.runId);
  if (node === undefined || node.recipe.prompt.fewShot === 0) return ok([]);
  return directory.ok ? await commonShots(directory.value, node.recipe.prompt, context.signal) : directory;
}
