import type { Prompt, RunView } from "../contract/index.js";
import type { ExportKind } from "./export-run.js";
import { shellWord } from "./shell.js";

export interface Usage {
  readonly view: RunView;
  readonly as: ExportKind;
  readonly fileName: string;
  readonly folder: string;
  readonly ollamaName: string;
  readonly prompt: Prompt;
}

/** The page that goes with an export: what it is, how it was measured, how to run it. */
export function usageText({ view, as, fileName, folder, ollamaName, prompt }: Usage): string {
  const requirement = view.requirement;
  const modelPath = requirement?.modelPath ?? "base.gguf";
  const sections = [
    `# ${singleLine(requirement?.modelName ?? "Model")}, fine-tuned by TREX Desktop`,
    singleLine(requirement?.goal ?? ""),
    scoreLine(view),
    `Run ${view.runId}. The base model's SHA-256 is ${requirement?.modelSha256 ?? "unknown"}; an adapter only works with that file.`,
    ...commands(as, modelPath, fileName, folder, ollamaName),
    promptSection(prompt),
    "## Check the file\n\n" + codeBlock(`sha256sum --check ${fileName}.sha256`),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function scoreLine(view: RunView): string {
  if (view.vault === null || view.baseline === null) return "";
  const number = (value: number): string => value.toFixed(3);
  const { score, ci, n, gain } = view.vault;
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
  }
}

function promptSection(prompt: Prompt): string {
  const system = prompt.system === null ? "No system prompt was used." : `It was trained and scored with this system prompt:\n\n${codeBlock(prompt.system)}`;
  const shots = prompt.fewShot === 0 ? "" : `\n\n${prompt.fewShot} worked examples from the training rows were put before each question; send some of yours.`;
  return `## Prompt\n\n${system}${shots}`;
}

/** A fence longer than any run of backticks inside, so that text cannot end its own block. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

const singleLine = (text: string): string => text.replace(/\s+/g, " ").trim();
