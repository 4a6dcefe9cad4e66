import type { Verdict } from "../../contract/index.js";
import { standardError } from "../../stats/index.js";

/**
 * What a finished node's score says against the prompted base: a gain counts from `gainSigmas` standard errors of the
 * paired difference up, and is worse from as many down; between lies noise (autoresearch #560, trex.md 5).
 */
export function judgeNode(request: { readonly base: readonly number[]; readonly candidate: readonly number[]; readonly gainSigmas: number }): Extract<Verdict, "gain" | "within-noise" | "worse"> {
  const differences = request.candidate.map((score, index) => score - (request.base[index] ?? Number.NaN));
  const gain = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  const noise = request.gainSigmas * standardError(differences);
  if (gain > 0 && gain >= noise) return "gain";
  return gain < 0 && -gain >= noise ? "worse" : "within-noise";
}
