import type { LlamaContextSequence, Token } from "node-llama-cpp";

/** One decoded batch at most, so that a slow machine can say it is alive, and look at the clock, between two. */
const chunkTokens = 512;
/**
 * Brings a sequence to where only the prompt's last token is left to evaluate, the one whose prediction is wanted, and
 * returns it. What the sequence shares with the prompt it held before is kept.
 */
export async function prefill(sequence: LlamaContextSequence, prompt: Int32Array, between: () => void): Promise<Token[]> {
  await sequence.adaptStateToTokens(Array.from(prompt.subarray(0, -1)) as Token[], false);
  while (prompt.length - sequence.nextTokenIndex > 1) {
    const from = sequence.nextTokenIndex;
    const to = Math.min(from + chunkTokens, prompt.length - 1);
    await sequence.evaluateWithoutGeneratingNewTokens(Array.from(prompt.subarray(from, to)) as Token[]);
    between();
  }
  return Array.from(prompt.subarray(sequence.nextTokenIndex)) as Token[];
}
