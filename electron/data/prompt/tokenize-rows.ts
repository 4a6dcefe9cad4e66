import { fail, ok, type Example, type LlamaHost, type Message, type Prompt, type Result, type TextSegment } from "../../contract/index.js";
import { renderConversation } from "../../models/index.js";
import { cancelled } from "../cancelled.js";
import { composePrompt } from "./compose-conversation.js";
import { createBreather } from "../breather.js";
import type { Shots } from "./shots.js";

export interface TokenizedRow {
  readonly tokens: readonly number[];
  /** Half-open ranges of the positions that are learned: the assistant's words and the end of its turn. */
  readonly train: readonly (readonly [start: number, end: number])[];
  /** Where the last answer begins: everything before it is the prompt as evaluation gives it. */
  readonly answerStart: number;
}

/** What a prompt asks: a row, or a request without an answer (its last message is not looked at). */
export type Asked = Pick<Example, "messages">;

/**
 * Lays conversations out and tokenises them, for one model. Made once per job: it asks for the template once. All three
 * compose the same prompt for the same row (`composePrompt`), with fewer worked examples where the shots' limit wants it.
 */
export interface Tokenization {
  /** The tokens a model is given before it answers. */
  prompts(examples: readonly Asked[], prompt: Prompt, shots: Shots, signal: AbortSignal): Promise<Result<readonly (readonly number[])[]>>;
  /** Prompt, answer, end of turn, and which of it is learned. */
  rows(examples: readonly Example[], prompt: Prompt, shots: Shots, signal: AbortSignal): Promise<Result<readonly TokenizedRow[]>>;
  /** Tokens of each text when it follows the row's prompt (lm-evaluation-harness: never tokenised alone). */
  continuations(example: Asked, prompt: Prompt, shots: Shots, texts: readonly string[], signal: AbortSignal): Promise<Result<{ readonly context: readonly number[]; readonly continuations: readonly (readonly number[])[] }>>;
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

  /**
   * Lays every item out with all its worked examples; those whose prompt is too long are laid out again with one fewer,
   * until they fit or show none.
   * @param promptPlace which of an item's sequences is the prompt
   */
  async function inChunks<Item, Made>(
    items: readonly Item[], { prompt, shots }: { prompt: Prompt; shots: Shots }, promptPlace: number, callSignal: AbortSignal,
    layOut: (item: Item, count: number) => Result<readonly (readonly TextSegment[])[]>, make: (item: Item, tokens: readonly (readonly number[])[]) => Result<Made>,
  ): Promise<Result<readonly Made[]>> {
    const breathe = createBreather();
    const most = shots.mostPromptTokens ?? Infinity;
    const made: Made[] = [];
    for (let from = 0; from < items.length; from += rowsPerCall) {
      const chunk = items.slice(from, from + rowsPerCall);
      const done: (readonly (readonly number[])[])[] = [];
      let open = [...chunk.entries()];
      for (let count = prompt.fewShot; open.length > 0; count -= 1) {
        const sequences: (readonly TextSegment[])[] = [];
        const stops: number[] = [];
        for (const [, item] of open) {
          if (callSignal.aborted) return cancelled();
          await breathe();
          const laid = layOut(item, count);
          if (!laid.ok) return laid;
          sequences.push(...laid.value);
          stops.push(sequences.length);
        }
        const tokens = await tokenize(sequences, callSignal);
        if (!tokens.ok) return tokens;
        for (const [place, [at]] of open.entries()) done[at] = tokens.value.slice(stops[place - 1] ?? 0, stops[place]);
        open = count === 0 ? [] : open.filter(([at]) => (done[at]?.[promptPlace]?.length ?? 0) > most);
      }
      for (const [at, item] of chunk.entries()) {
        const result = make(item, done[at] ?? []);
        if (!result.ok) return result;
        made.push(result.value);
      }
    }
    return ok(made);
  }

  /** Sequences: the whole, the last answer's prompt, then the prompts of the earlier answers that are the row's own. */
  function layOutRow(example: Example, asked: readonly Message[]): Result<readonly (readonly TextSegment[])[]> {
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
    prompts: (examples, prompt, shots, callSignal) => inChunks(examples, { prompt, shots }, 0, callSignal, (example, count) => {
      const segments = render(composePrompt(example, prompt, shots, count), true);
      return segments.ok ? ok([segments.value]) : segments;
    }, (_, [tokens = []]) => ok(tokens)),
    rows: (examples, prompt, shots, callSignal) => inChunks(examples, { prompt, shots }, 1, callSignal, (example, count) => layOutRow(example, composePrompt(example, prompt, shots, count)), (_, sequences) => makeRow(sequences)),
    async continuations(example, prompt, shots, texts, callSignal) {
      const made = await inChunks([example], { prompt, shots }, 0, callSignal, (asked, count) => {
        const segments = render(composePrompt(asked, prompt, shots, count), true);
        return segments.ok ? ok([segments.value, ...texts.map((text) => [...segments.value, { text, special: false }])]) : segments;
      }, (_, [context = [], ...whole]) => ok({ context, continuations: whole.map((sequence) => sequence.slice(context.length)) }));
      return made.ok ? ok(made.value[0] ?? { context: [], continuations: [] }) : made;
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
