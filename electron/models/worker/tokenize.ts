import { LlamaVocabularyType, type LlamaModel } from "node-llama-cpp";
import type { TextSegment } from "../../contract/index.js";
import type { Engine } from "./engine.js";
import type { CallControl, WorkerCallOf, WorkerResult } from "./protocol.js";

const progressEverySequences = 256;

/**
 * Tokens of one sequence: scaffold may become control tokens, content never does (special-token injection).
 * SentencePiece vocabularies put a space before every text they are given; inside a sequence that space would be
 * an invention, so it is taken off again unless a control token stands before it, where llama.cpp adds it too.
 */
export function tokenizeSegments(model: LlamaModel, segments: readonly TextSegment[], addBos: "as-model" | "never"): Int32Array {
  const tokens: number[] = [];
  const spacePrefixed = model.vocabularyType === LlamaVocabularyType.spm;
  for (const segment of segments) {
    if (segment.text === "") continue;
    const previous = tokens.at(-1);
    const insideText = spacePrefixed && previous !== undefined && !model.isSpecialToken(previous as never);
    const made = insideText ? model.tokenize(segment.text, segment.special, "trimLeadingSpace") : model.tokenize(segment.text, segment.special);
    for (const token of made) tokens.push(token);
  }
  const bos = model.tokens.bos;
  // Many templates write the BOS text themselves: it is added only where it is not there yet.
  if (addBos === "as-model" && bos !== null && model.tokens.shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
  return Int32Array.from(tokens);
}

export async function tokenizeSequences(engine: Engine, call: WorkerCallOf<"tokenize">, control: CallControl): Promise<WorkerResult<"tokenize">> {
  const model = await engine.vocabulary(call.modelPath, control);
  const result: Int32Array[] = [];
  for (const segments of call.sequences) {
    result.push(tokenizeSegments(model, segments, call.addBos));
    if (result.length % progressEverySequences === 0) {
      control.progress(null);
      // Lets a cancellation through.
      await new Promise(setImmediate);
      control.signal.throwIfAborted();
    }
  }
  return result;
}

export function endOfTurnTokens(model: LlamaModel): number[] {
  const { eot, eos } = model.tokens;
  const found = new Set<number>();
  for (const token of [eot, eos]) if (token !== null) found.add(token);
  for (const token of model.iterateAllTokens()) if (model.isEogToken(token)) found.add(token);
  return [...found];
}

export function chatTemplateOf(model: LlamaModel): string | null {
  const metadata: { tokenizer?: { chat_template?: unknown } } = model.fileInfo.metadata;
  const template = metadata.tokenizer?.chat_template;
  return typeof template === "string" && template.trim() !== "" ? template : null;
}

export async function templateOf(engine: Engine, call: WorkerCallOf<"template">, control: CallControl): Promise<WorkerResult<"template">> {
  const model = await engine.vocabulary(call.modelPath, control);
  return {
    template: chatTemplateOf(model),
    bosToken: model.tokens.bosString ?? "",
    eosToken: model.tokens.eosString ?? "",
    endOfTurnTokens: endOfTurnTokens(model),
  };
}
