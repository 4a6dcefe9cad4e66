import { err, fail, ok, type Example, type LlamaHost, type Message, type Prompt, type Result, type TextSegment } from "../contract/index.js";
import { renderConversation } from "../models/index.js";
import { cancelled } from "./cancelled.js";
import { composePrompt } from "./compose-conversation.js";
import { createBreather } from "./breather.js";

export interface TokenizedRow {
  readonly tokens: readonly number[];
  /** Half-open ranges of the positions that are learned: the assistant's words and the end of its turn. */
  readonly train: readonly (readonly [start: number, end: number])[];
  /** Where the last answer begins: everything before it is the prompt as evaluation gives it. */
  readonly answerStart: number;
}

/** Lays conversations out and tokenises them, for one model. Made once per job: it asks for the template once. */
export interface Tokenization {
  /** The tokens a model is given before it answers. */
  prompts(conversations: readonly (readonly Message[])[], signal: AbortSignal): Promise<Result<readonly (readonly number[])[]>>;
  /** Prompt, answer, end of turn, and which of it is learned. */
  rows(examples: readonly Example[], prompt: Prompt, shots: readonly Example[], signal: AbortSignal): Promise<Result<readonly TokenizedRow[]>>;
  /** Tokens of each text when it follows the conversation's prompt (lm-evaluation-harness: never tokenised alone). */
  continuations(conversation: readonly Message[], texts: readonly string[], signal: AbortSignal): Promise<Result<{ readonly context: readonly number[]; readonly continuations: readonly (readonly number[])[] }>>;
}

/** Rows per message to the llama worker: small enough that a stop is heard within a second. */
const rowsPerCall = 256;

/** Errors: those of the template (CONFIG) and of the llama worker (ENV). */
export async function createTokenization(llama: LlamaHost, modelPath: string, signal: AbortSignal): Promise<Result<Tokenization>> {
  const found = await llama.templateOf(modelPath, signal);
  if (!found.ok) return found;
  const { template, bosToken, eosToken } = found.value;
  const ends = new Set(found.value.endOfTurnTokens);
  const render = (messages: readonly Message[], addGenerationPrompt: boolean) => renderConversation(template, messages, { addGenerationPrompt, bosToken, eosToken });
  const tokenize = (sequences: readonly (readonly TextSegment[])[], callSignal: AbortSignal) => llama.tokenize({ modelPath, sequences, addBos: "as-model" }, callSignal);

  async function inChunks<Item, Made>(items: readonly Item[], callSignal: AbortSignal, layOut: (item: Item) => Result<readonly (readonly TextSegment[])[]>, make: (item: Item, tokens: readonly (readonly number[])[]) => Result<Made>): Promise<Result<readonly Made[]>> {
    const breathe = createBreather();
    const made: Made[] = [];
    for (let from = 0; from < items.length; from += rowsPerCall) {
      const chunk = items.slice(from, from + rowsPerCall);
      const sequences: (readonly TextSegment[])[] = [];
      const counts: number[] = [];
      for (const item of chunk) {
        if (callSignal.aborted) return cancelled();
        await breathe();
        const laid = layOut(item);
        if (!laid.ok) return laid;
        sequences.push(...laid.value);
        counts.push(laid.value.length);
      }
      const tokens = await tokenize(sequences, callSignal);
      if (!tokens.ok) return tokens;
      let next = 0;
      for (const [at, item] of chunk.entries()) {
        const count = counts[at] ?? 0;
        const result = make(item, tokens.value.slice(next, next + count));
        next += count;
        if (!result.ok) return result;
        made.push(result.value);
      }
    }
    return ok(made);
  }

  /** Sequences: the whole, the last answer's prompt, then the prompts of the earlier answers that are the row's own. */
  function layOutRow(example: Example, prompt: Prompt, shots: readonly Example[]): Result<readonly (readonly TextSegment[])[]> {
    const asked = composePrompt(example, prompt, shots);
    const before = render(asked, true);
    if (!before.ok) return before;
    const whole = render([...asked, ...example.messages.slice(-1)], false);
    if (!whole.ok) return whole;
    const answer = whole.value.filter((segment) => !segment.special).slice(-1);
    const tail = whole.value.slice(-1).filter((segment) => segment.special);
    const own = example.messages.filter((message) => message.role !== "system").length - 1;
    const earlier: (readonly TextSegment[])[] = [];
    for (let at = asked.length - own + 1; at < asked.length; at += 2) {
      const prefix = render(asked.slice(0, at), true);
      if (prefix.ok) earlier.push(prefix.value);
    }
    return ok([[...before.value, ...answer, ...tail], before.value, ...earlier]);
  }

  function makeRow(sequences: readonly (readonly number[])[]): Result<TokenizedRow> {
    const [whole = [], prompt = [], ...earlier] = sequences;
    if (!startsWith(whole, prompt) || whole.length === prompt.length) {
      return fail("INTERNAL", "data.tokens_shift", "The tokenizer gave a prompt other tokens with its answer than without.", "Please report this with the model's name.");
    }
    const end = endOfTurn(whole, prompt.length, ends);
    const train: [number, number][] = earlier.flatMap((prefix) => {
      const stop = endOfTurn(whole, prefix.length, ends);
      return startsWith(whole, prefix) && stop <= prompt.length ? [[prefix.length, stop] as [number, number]] : [];
    });
    return ok({ tokens: whole.slice(0, end), train: [...train, [prompt.length, end]], answerStart: prompt.length });
  }

  return ok({
    prompts: (conversations, callSignal) => inChunks(conversations, callSignal, (messages) => {
      const segments = render(messages, true);
      return segments.ok ? ok([segments.value]) : segments;
    }, (_, [tokens = []]) => ok(tokens)),
    rows: (examples, prompt, shots, callSignal) => inChunks(examples, callSignal, (example) => layOutRow(example, prompt, shots), (_, sequences) => makeRow(sequences)),
    async continuations(conversation, texts, callSignal) {
      const segments = render(conversation, true);
      if (!segments.ok) return err(segments.error);
      const tokens = await tokenize([segments.value, ...texts.map((text) => [...segments.value, { text, special: false }])], callSignal);
      if (!tokens.ok) return tokens;
      const [context = [], ...whole] = tokens.value;
      return ok({ context, continuations: whole.map((sequence) => sequence.slice(context.length)) });
    },
  });
}

/** The position after the first end-of-turn token at or after `from`; the sequence's end where the template has none. */
function endOfTurn(tokens: readonly number[], from: number, ends: ReadonlySet<number>): number {
  for (let at = from; at < tokens.length; at += 1) if (ends.has(tokens[at] ?? -1)) return at + 1;
  return tokens.length;
}

function startsWith(whole: readonly number[], prefix: readonly number[]): boolean {
  return prefix.length <= whole.length && prefix.every((token, at) => token === whole[at]);
}
