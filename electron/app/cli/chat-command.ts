import path from "node:path";
import readline from "node:readline/promises";
import { err, ok, type LlamaHost, type Message, type Result } from "../../contract/index.js";
import { renderConversation } from "../../models/index.js";
import { refuse, usageFailure, type Command, type CommandContext } from "./command.js";

export const chatCommand: Command = {
  name: "chat",
  summary: "talk to a model, with or without an adapter",
  usage: "chat --model M.gguf [--adapter A.gguf] [--prompt TEXT] [--json]",
  details: ["--prompt TEXT    one question, one answer", "--system TEXT    a system prompt", "--max-tokens N   longest answer (default 256)", "Without --prompt it reads questions from the terminal until an empty line or Ctrl+D."],
  example: "trex chat --model qwen.gguf --adapter adapter.gguf",
  options: { model: { type: "string" }, adapter: { type: "string" }, prompt: { type: "string" }, system: { type: "string" }, "max-tokens": { type: "string" } },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const { values } = context;
    const model = values.text("model");
    const adapter = values.text("adapter");
    const maxTokens = values.whole("max-tokens", 1);
    if (model === undefined) return refuse(context, usageFailure("--model is missing."));
    if (!maxTokens.ok) return refuse(context, maxTokens.error);
    const inspected = await context.app().models.inspect(path.resolve(model), context.signal);
    if (!inspected.ok) return refuse(context, inspected.error);
    const speaker = { llama: context.app().llama, modelPath: path.resolve(model), adapterPath: adapter === undefined ? null : path.resolve(adapter), maxTokens: maxTokens.value ?? 256, signal: context.signal };
    const system = values.text("system");
    const start: readonly Message[] = system === undefined ? [] : [{ role: "system", content: system }];
    const prompt = values.text("prompt");
    return prompt === undefined ? await converse(context, speaker, start) : await answerOnce(context, speaker, [...start, { role: "user", content: prompt }]);
  },
};

interface Speaker {
  readonly llama: LlamaHost;
  readonly modelPath: string;
  readonly adapterPath: string | null;
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

async function answerOnce(context: CommandContext, speaker: Speaker, messages: readonly Message[]): Promise<0 | 1 | 2 | 130> {
  const answer = await reply(speaker, messages);
  if (!answer.ok) return refuse(context, answer.error);
  if (context.json) context.output.json({ answer: answer.value });
  else context.output.result(printable(answer.value));
  return 0;
}

async function converse(context: CommandContext, speaker: Speaker, start: readonly Message[]): Promise<0 | 1 | 2 | 130> {
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
  const messages = [...start];
  try {
    for (;;) {
      const question = await terminal.question("> ", { signal: context.signal }).catch(() => "");
      if (question.trim() === "") return context.signal.aborted ? 130 : 0;
      messages.push({ role: "user", content: question });
      const answer = await reply(speaker, messages);
      if (!answer.ok) return refuse(context, answer.error);
      messages.push({ role: "assistant", content: answer.value });
      if (context.json) context.output.json({ answer: answer.value });
      else context.output.result(printable(answer.value));
    }
  } finally {
    terminal.close();
  }
}

async function reply(speaker: Speaker, messages: readonly Message[]): Promise<Result<string>> {
  const { llama, modelPath, signal } = speaker;
  const template = await llama.templateOf(modelPath, signal);
  if (!template.ok) return template;
  const { bosToken, eosToken } = template.value;
  const rendered = renderConversation(template.value.template, messages, { addGenerationPrompt: true, bosToken, eosToken });
  if (!rendered.ok) return rendered;
  const tokens = await llama.tokenize({ modelPath, sequences: [rendered.value], addBos: "as-model" }, signal);
  if (!tokens.ok) return tokens;
  const generated = await llama.generate({ modelPath, adapterPath: speaker.adapterPath, prompts: tokens.value, maxTokens: speaker.maxTokens, threads: 0 }, signal);
  if (!generated.ok) return generated;
  const [first] = generated.value;
  return first === undefined ? err({ class: "INTERNAL", code: "chat.no_answer", message: "The model gave no answer.", hint: "" }) : ok(first.text);
}

/** A model's words may carry terminal control sequences; line breaks and tabs are kept. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]+/gu, " ");
}
