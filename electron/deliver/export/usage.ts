import type { Prompt, RunView } from "../../contract/index.js";
import type { ExportKind } from "./export-run.js";
import { shellWord } from "../shell.js";

export interface Usage {
  readonly view: RunView;
  readonly as: ExportKind;
  readonly fileName: string;
  readonly folder: string;
  readonly ollamaName: string;
  readonly prompt: Prompt;
  /** Whether the exported file holds the worked examples itself. */
  readonly shotsIncluded?: boolean;
}

/** The page that goes with an export: what it is, how it was measured, how to run it. */
export function usageText({ view, as, fileName, folder, ollamaName, prompt, shotsIncluded = false }: Usage): string {
  const requirement = view.requirement;
  const modelPath = requirement?.modelPath ?? "base.gguf";
  const isPrompt = view.delivery?.kind === "prompt";
  const sections = [
    `# ${singleLine(requirement?.modelName ?? "Model")}, ${isPrompt ? "with a prompt found" : "fine-tuned"} by TREX Desktop`,
    singleLine(requirement?.goal ?? ""),
    scoreLine(view),
    `Run ${view.runId}. The base model's SHA-256 is ${requirement?.modelSha256 ?? "unknown"}; ${isPrompt ? "the prompt was found for that file" : as === "peft" ? "the adapter was trained and scored on that file, and with other weights of the same model answers may differ a little" : "an adapter only works with that file"}.`,
    ...(isPrompt ? promptCommands(as, modelPath, fileName, ollamaName) : commands(as, modelPath, fileName, folder, ollamaName)),
    promptSection(prompt, shotsIncluded),
    "## Check the file\n\n" + codeBlock(`sha256sum --check ${fileName}.sha256`),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function scoreLine(view: RunView): string {
  if (view.vault === null || view.baseline === null) return "";
  const number = (value: number): string => value.toFixed(3);
  const { score, ci, n, gain } = view.vault;
  if (view.delivery?.kind === "prompt") return `On ${n} sealed test rows the base model with this prompt scores ${number(score)} (95 % interval ${number(ci[0])} to ${number(ci[1])}), and ${number(view.baseline.score)} without. The paired gain is ${number(gain.score)} (${number(gain.ci[0])} to ${number(gain.ci[1])}).`;
  return `On ${n} sealed test rows it scores ${number(score)} (95 % interval ${number(ci[0])} to ${number(ci[1])}); the prompted base model scores ${number(view.baseline.score)}. The paired gain is ${number(gain.score)} (${number(gain.ci[0])} to ${number(gain.ci[1])}).`;
}

function commands(as: ExportKind, modelPath: string, fileName: string, folder: string, ollamaName: string): string[] {
  const llama = (whole: boolean): string => `## llama.cpp\n\n${codeBlock(whole ? `llama-cli -m ${shellWord(fileName)} --jinja --temp 0` : `llama-cli -m ${shellWord(modelPath)} --lora ${shellWord(fileName)} --jinja --temp 0`)}`;
  switch (as) {
    case "adapter":
      return [llama(false), "## LM Studio\n\nLM Studio loads whole models only. Export this run again as lmstudio.", "## Ollama\n\nExport this run again as ollama: that adds the Modelfile."];
    case "merged":
      return [llama(true), `## Ollama\n\nWrite a Modelfile with the one line \`FROM ./${fileName}\`, then:\n\n${codeBlock(`ollama create ${ollamaName} -f Modelfile`)}`];
    case "ollama":
      return [`## Ollama\n\n${codeBlock(`ollama create ${ollamaName} -f Modelfile\nollama run ${ollamaName}`)}`, llama(false)];
    case "lmstudio":
      return [`## LM Studio\n\nCopy the folder \`trex\` (it holds \`${singleLine(folder).split(/[\\/]/).at(-1) ?? ""}\`) into LM Studio's models folder; My Models then lists it.`, llama(true)];
    case "peft":
      return [`## PEFT\n\n${codeBlock(peftScript(fileName))}\n\nBASE is the Hugging Face model that the GGUF file was made from, by its name or as a folder.`, "## llama.cpp\n\nllama.cpp loads GGUF adapters. Export this run again as adapter."];
  }
}

const peftScript = (folderName: string): string => [
  "from peft import PeftModel", "from transformers import AutoModelForCausalLM", "",
  'base = AutoModelForCausalLM.from_pretrained("BASE")', `model = PeftModel.from_pretrained(base, ${JSON.stringify(`./${folderName}`)})`,
].join("\n");

function promptCommands(as: ExportKind, modelPath: string, fileName: string, ollamaName: string): string[] {
  const llama = `## llama.cpp\n\n${codeBlock(`llama-cli -m ${shellWord(modelPath)} --jinja --temp 0`)}\n\nGive it the system prompt below.`;
  return as === "ollama"
    ? [`## Ollama\n\n${codeBlock(`ollama create ${ollamaName} -f Modelfile\nollama run ${ollamaName}`)}`, llama]
    : [`## LM Studio\n\nImport the preset \`${fileName}\` and choose it in a chat with the base model.`, llama];
}

function promptSection(prompt: Prompt, shotsIncluded: boolean): string {
  const system = prompt.system === null ? "No system prompt was used." : `It was scored with this system prompt:\n\n${codeBlock(prompt.system)}`;
  const which = prompt.shotSelection === "similar" ? "those most like it" : "the same each time";
  const shots = prompt.fewShot === 0 ? "" : `\n\n${prompt.fewShot} worked examples from the training rows were put before each question, ${which}${shotsIncluded ? "; the Modelfile holds them." : "; send some of yours."}`;
  return `## Prompt\n\n${system}${shots}`;
}

/** A fence longer than any run of backticks inside, so that text cannot end its own block. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

const singleLine = (text: string): string => text.replace(/\s+/g, " ").trim();
