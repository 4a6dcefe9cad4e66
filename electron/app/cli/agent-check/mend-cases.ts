import type { FailureClass, MendChoice, MendContext } from "../../../contract/index.js";
import { node, trained } from "./decision-case.js";

export interface MendCase {
  readonly name: string;
  readonly context: MendContext;
  readonly sensible: readonly MendChoice[];
}

const all: readonly MendChoice[] = ["halve-batch", "halve-rank", "shorten-rows", "lower-rate", "fewer-epochs", "give-up"];
const plenty = { remainingMs: 1_800_000, nodeMs: 120_000, nodesLeft: 12 };

function mend(name: string, failureClass: FailureClass, message: string, sensible: readonly MendChoice[], more: { choices?: readonly MendChoice[]; tried?: readonly string[]; budget?: MendContext["budget"] } = {}): MendCase {
  return { name, sensible, context: { node: node({ status: "failed", score: null, verdict: null, recipe: trained({ rank: 32, learningRate: 2e-3, epochs: 4 }) }), failure: { class: failureClass, code: "train.failed", message, hint: "" }, tried: more.tried ?? [], choices: more.choices ?? all, budget: more.budget ?? plenty } };
}

/** What an engineer would do once the mechanical repair has failed: a label from a short list. */
export const mendCases: readonly MendCase[] = [
  mend("memory ran out", "OOM", "The card's memory ran out at step 1.", ["halve-batch", "halve-rank", "shorten-rows"]),
  mend("memory ran out, batch cannot shrink", "OOM", "The card's memory ran out at step 1.", ["halve-rank", "shorten-rows"], { choices: ["halve-rank", "shorten-rows", "lower-rate", "give-up"], tried: ["It did not fit the memory: 256 tokens per step instead of 512."] }),
  mend("memory ran out, only rows can shrink", "OOM", "12.4 GiB are needed and 11.0 are free.", ["shorten-rows"], { choices: ["shorten-rows", "lower-rate", "give-up"] }),
  mend("diverged", "DIVERGED", "The loss rose to 11 and became infinite at step 40.", ["lower-rate"]),
  mend("diverged again after one step down", "DIVERGED", "The loss became infinite at step 90.", ["lower-rate", "give-up"], { tried: ["The training diverged: a learning rate of 0.0007 instead of 0.002."] }),
  mend("diverged, and no rate to lower", "DIVERGED", "The loss became infinite at step 9.", ["give-up", "halve-rank"], { choices: ["halve-rank", "shorten-rows", "give-up"] }),
  mend("out of time", "TIMEOUT", "The training would have taken 40 minutes and had 20.", ["fewer-epochs"]),
  mend("out of time, epochs are at their least", "TIMEOUT", "The training had 5 minutes.", ["shorten-rows", "give-up"], { choices: ["shorten-rows", "lower-rate", "give-up"] }),
  mend("no rows left after filtering", "DATA", "All rows were removed by the last data step.", ["drop-last-data-operator"], { choices: ["drop-last-data-operator", "lower-rate", "give-up"] }),
  mend("the prompt is longer than the context", "CONFIG", "The worked examples do not fit the model's context.", ["drop-prompt"], { choices: ["drop-prompt", "lower-rate", "give-up"] }),
  mend("the disk is full", "ENV", "No space is left on the disk.", ["give-up"]),
  mend("the driver is gone", "ENV", "The graphics driver does not answer.", ["give-up"]),
  mend("no time for another try", "OOM", "The card's memory ran out at step 1.", ["give-up"], { budget: { remainingMs: 20_000, nodeMs: 120_000, nodesLeft: 0 } }),
];
