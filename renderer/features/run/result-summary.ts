import type { RunView } from "../../contract.js";
import type { IconName } from "../../ui/icon.js";
import type { Tone } from "../../ui/tone.js";

export interface ResultSummary {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly badge: string;
  readonly title: string;
}

/** The result in one honest line. A gain is only called one when its whole interval lies above zero. */
export function resultSummary(view: Pick<RunView, "delivery" | "vault">): ResultSummary {
  const gain = view.vault?.gain ?? null;
  if (view.delivery === null) {
    return { tone: "info", icon: "running", badge: "Final test done", title: "The result is being written" };
  }
  if (view.delivery.kind === "base") {
    return { tone: "quiet", icon: "flag", badge: "Base model kept", title: "No experiment beat the prompted base model beyond chance" };
  }
  if (view.delivery.kind === "prompt") {
    return gain !== null && gain.ci[0] > 0
      ? { tone: "gain", icon: "quote", badge: "A better prompt", title: "A prompt makes the base model better, and no training beat it" }
      : { tone: "info", icon: "quote", badge: "Prompt delivered", title: "A prompt is delivered: no training beat it beyond chance" };
  }
  if (gain !== null && gain.ci[0] > 0) {
    return { tone: "gain", icon: "up", badge: "A better model", title: "Better than the prompted base model, on questions nobody had seen" };
  }
  if (gain !== null) {
    return { tone: "warn", icon: "wave", badge: "Gain not confirmed", title: "The final test could not confirm the gain seen in the search" };
  }
  return { tone: "info", icon: "info", badge: "Adapter delivered", title: "An adapter was delivered without a final test" };
}
