import { formatScore } from "../../ui/format.js";

/** A summary does not name its metric; a score outside 0..1 can only be one that is not a rate. */
export const formatSummaryScore = (score: number | null): string =>
  formatScore(score, score !== null && (score < 0 || score > 1) ? "number" : "rate");
