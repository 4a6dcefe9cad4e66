import type { LlamaHost, Result } from "../../contract/index.js";
import { fillPrompt, promptTag, type PromptFile } from "../prompts/prompt-file.js";
import { withoutThinking } from "../untrusted/plain-line.js";

/** One turn as it was, for the run's log. */
export interface PlannerTurn {
  readonly prompt: string;
  readonly system: string;
  readonly user: string;
  readonly answer: string;
  readonly tokens: number;
  readonly seconds: number;
}

export interface TurnCaps {
  readonly maxTokens: number;
  readonly timeLimitMs: number;
  readonly temperature: number;
  readonly seed: number;
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
}

/** What a decision has cost and used so far. */
export interface Spent {
  seconds: number;
  tokens: number;
  readonly prompts: string[];
  promptCharacters: number;
}

export const nothingSpent = (): Spent => ({ seconds: 0, tokens: 0, prompts: [], promptCharacters: 0 });

export interface TurnOptions {
  readonly llama: Pick<LlamaHost, "complete">;
  readonly modelPath: string;
  readonly onTurn?: (turn: PlannerTurn) => void;
  /** Text as it is generated, with the prompt's name. */
  readonly onToken?: (text: string, prompt: string) => void;
}

/** One turn; each starts anew, so that a malformed answer is never shown to the model again. */
export async function takeTurn(options: TurnOptions, prompt: PromptFile, values: Readonly<Record<string, string>>, caps: TurnCaps, spent: Spent, signal: AbortSignal): Promise<Result<string>> {
  const { llama, modelPath, onTurn, onToken } = options;
  const system = fillPrompt(prompt.system, values);
  const user = fillPrompt(prompt.user, values);
  const tag = promptTag(prompt);
  if (!spent.prompts.includes(tag)) spent.prompts.push(tag);
  spent.promptCharacters += system.length + user.length;
  const answered = await llama.complete({ modelPath, system, user, ...caps, ...(onToken === undefined ? {} : { onToken: (text: string) => { onToken(text, tag); } }) }, signal);
  if (!answered.ok) return answered;
  spent.tokens += answered.value.tokens;
  spent.seconds += answered.value.seconds;
  onTurn?.({ prompt: tag, system, user, answer: answered.value.text, tokens: answered.value.tokens, seconds: answered.value.seconds });
  return { ok: true, value: withoutThinking(answered.value.text) };
}
