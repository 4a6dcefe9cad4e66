import type { RunView } from "../../contract.js";

export interface RungWords {
  /** The number, as a statistician writes it. */
  readonly figure: string;
  readonly sentence: string;
}

/** Below this a short trial's rank says little about the full score's; above it, it says most of it. */
const [weak, strong] = [0.4, 0.7];

/** What the rank correlation of short trials and full scores means for somebody who has never heard of one. */
export function rungWords(correlation: NonNullable<RunView["rungCorrelation"]>): RungWords {
  const { spearman, n } = correlation;
  const figure = `Spearman ${spearman.toFixed(2).replace("-", "\u2212")} over ${n} experiments`;
  if (spearman >= strong) return { figure, sentence: "Short trials foretell the full score well here: stopping early loses little." };
  if (spearman >= weak) return { figure, sentence: "Short trials foretell the full score roughly here: some of what was stopped early might have come out well." };
  return { figure, sentence: "Short trials hardly foretell the full score here: what was stopped early says little." };
}
