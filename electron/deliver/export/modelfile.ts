import type { Message } from "../../contract/index.js";

/**
 * Ollama's Modelfile. FROM and ADAPTER are enough: Ollama takes the chat template out of the GGUF file, the very one the
 * rows were trained with. A TEMPLATE line would replace it, and answers would get worse without an error.
 */
export function modelfile(options: {
  readonly modelPath: string;
  /** null: the base model with a prompt. */
  readonly adapterFileName: string | null;
  readonly system: string | null;
  /** Worked examples as they stood before each question, if they are the same for all. */
  readonly shots?: readonly Message[];
}): string {
  const lines = [
    "# Made by TREX Desktop. Create the model with: ollama create NAME -f Modelfile",
    "# No TEMPLATE line on purpose: the model file's own chat template is the one it was trained and scored with.",
    `FROM ${quoted(options.modelPath)}`,
    ...(options.adapterFileName === null ? [] : [`ADAPTER ./${options.adapterFileName}`]),
    "# Answers were scored with greedy decoding.",
    "PARAMETER temperature 0",
    ...(options.system === null ? [] : [`SYSTEM ${tripleQuoted(options.system)}`]),
    ...(options.shots ?? []).filter(({ role }) => role !== "system").map(({ role, content }) => `MESSAGE ${role} ${tripleQuoted(content)}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Ollama reads a path to the end of the line; a line break in it would start an instruction of its own. */
function quoted(modelPath: string): string {
  return modelPath.replace(/[\r\n]+/g, " ");
}

/** Three quotes end the text, so the text may hold no three in a row. */
function tripleQuoted(text: string): string {
  return `"""${text.replaceAll('"""', "'''").replace(/"$/, "'")}"""`;
}
