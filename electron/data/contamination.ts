import type { Example } from "../contract/index.js";
import { normalised } from "./identity.js";

/** Words in a run that two texts hardly share by chance (lm-evaluation-harness, Janitor). */
const runWords = 13;

/**
 * Finds training rows that share a run of 13 words within a message with a held-out row. Runs that many training rows share are the
 * data's own boilerplate (an instruction, a template) and give nothing away; system messages are left out for the same reason.
 * Shorter rows are covered by the splits themselves: equal questions never straddle them.
 */
export class ContaminationCheck {
  /** Runs of held-out rows, and in how many training rows each was met. */
  readonly #heldOut = new Map<string, number>();
  #rows = 0;

  addHeldOut(example: Example): void {
    for (const run of runsOf(example)) this.#heldOut.set(run, 0);
  }

  /** First pass over the training rows. */
  count(example: Example): void {
    this.#rows += 1;
    for (const run of runsOf(example)) {
      const met = this.#heldOut.get(run);
      if (met !== undefined) this.#heldOut.set(run, met + 1);
    }
  }

  /** Second pass: does this training row give a held-out row away? */
  isContaminated(example: Example): boolean {
    const boilerplate = Math.max(5, this.#rows * 0.01);
    for (const run of runsOf(example)) {
      const met = this.#heldOut.get(run);
      if (met !== undefined && met <= boilerplate) return true;
    }
    return false;
  }
}

/** All runs of 13 words within a message, normalised. */
export function runsOf(example: Pick<Example, "messages">): Set<string> {
  const runs = new Set<string>();
  for (const message of example.messages) {
    if (message.role === "system") continue;
    const words = normalised(message.content).split(" ");
    for (let from = 0; from + runWords <= words.length; from += 1) runs.add(words.slice(from, from + runWords).join(" "));
  }
  return runs;
}
