import type { LlamaContextSequence, Token } from "node-llama-cpp";

/** One decoded batch at most, so that a slow machine can say it is alive, and look at the clock, between two. */
const chunkTokens = 512;
/** Shorter rests travel with the other sequences' tokens in one batch. */
const shortRest = 64;

/**
 * Brings a sequence to where only the returned tokens are left to evaluate, keeping what it shares with the prompt it
 * held before. At least the last token is left: it is the one whose prediction is wanted.
 */
export async function prefill(sequence: LlamaContextSequence, prompt: Int32Array, between: () => void): Promise<Token[]> {
  await sequence.adaptStateToTokens(Array.from(prompt.subarray(0, -1)) as Token[], false);
  while (prompt.length - sequence.nextTokenIndex > shortRest) {
    const from = sequence.nextTokenIndex;
    const to = Math.min(from + chunkTokens, prompt.length - 1);
    await sequence.evaluateWithoutGeneratingNewTokens(Array.from(prompt.subarray(from, to)) as Token[]);
    between();
  }
  return Array.from(prompt.subarray(sequence.nextTokenIndex)) as Token[];
}
