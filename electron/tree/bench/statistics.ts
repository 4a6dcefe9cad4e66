import { bootstrapInterval, deriveSeed, holm, mean, pairedTest, type Interval } from "../../stats/index.js";
import type { JudgedRun } from "./judged-run.js";

export interface CurvePoint {
  readonly share: number;
  readonly regret: number;
  readonly interval: Interval;
}

export interface PolicyRow {
  readonly policy: string;
  readonly runs: number;
  readonly score: number;
  /** Best known less delivered, in the score's unit; lower is better. */
  readonly regret: number;
  readonly interval: Interval;
  readonly curve: readonly CurvePoint[];
  /** Per experiment. */
  readonly outOfMemoryShare: number;
  readonly divergedShare: number;
  readonly otherFailureShare: number;
  readonly nodes: number;
  readonly agentSeconds: number;
  /** null: not measured. */
  readonly spentShare: number | null;
  /** Ours less this one, final score, paired by seed; null for ours itself. */
  readonly against: Comparison | null;
}

export interface Comparison {
  readonly difference: number;
  readonly interval: Interval;
  readonly pValue: number;
  /** Holm's, over the rivals of this table. */
  readonly adjusted: number;
  readonly verdict: "better" | "worse" | "not told apart";
}

export interface FamilyTable {
  readonly family: string;
  readonly seeds: number;
  readonly rows: readonly PolicyRow[];
  readonly bestRival: string | null;
  /** Share of the budget at which ours is as good as the best rival at its end; null: never. */
  readonly reachedAt: number | null;
}

const level = 0.05;
/** Ends of intervals need no third digit, and there are thousands of them. */
const resamples = 2000;

/**
 * Tables of one or several families. Policies of `variants` are rows of ours that are neither rivals nor compared with:
 * ablations do not count as rivals to be beaten.
 */
export function tabulate(runs: readonly JudgedRun[], ours: string, variants: readonly string[] = []): FamilyTable[] {
  const families = [...new Set(runs.map((run) => run.family))];
  return families.map((family) => tabulateFamily(family, runs.filter((run) => run.family === family), ours, variants));
}

/** All families as one: each family counts the same, and a seed of each is one pair. */
export function tabulateAll(runs: readonly JudgedRun[], ours: string, variants: readonly string[] = []): FamilyTable {
  const families = [...new Set(runs.map((run) => run.family))];
  const largest = 1 + Math.max(0, ...runs.map((run) => run.seed));
  return tabulateFamily("all families", runs.map((run) => ({ ...run, seed: families.indexOf(run.family) * largest + run.seed })), ours, variants);
}

function tabulateFamily(family: string, runs: readonly JudgedRun[], ours: string, variants: readonly string[]): FamilyTable {
  const best = new Map<number, number>();
  for (const run of runs) best.set(run.seed, Math.max(best.get(run.seed) ?? Number.NEGATIVE_INFINITY, run.bestKnown ?? Number.NEGATIVE_INFINITY, run.final, ...run.checkpoints.map(({ score }) => score)));
  const regretOf = (run: JudgedRun, score: number): number => (best.get(run.seed) ?? score) - score;
  const policies = [...new Set(runs.map((run) => run.policy))];
  const bySeed = (policy: string): Map<number, JudgedRun> => new Map(runs.filter((run) => run.policy === policy).map((run) => [run.seed, run]));
  const own = bySeed(ours);
  const rivals = policies.filter((policy) => policy !== ours && !variants.includes(policy) && own.size > 0);
  const tests = rivals.map((policy) => compare([...bySeed(policy).values()], own));
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  const rows = policies.map((policy): PolicyRow => {
    const all = [...bySeed(policy).values()];
    const experiments = Math.max(1, sum(all.map((run) => run.nodes)));
    const regrets = all.map((run) => regretOf(run, run.final));
    const at = rivals.indexOf(policy);
    const test = tests[at];
    const pValue = adjusted[at];
    return {
      policy, runs: all.length, score: mean(all.map((run) => run.final)), regret: mean(regrets), interval: interval(regrets, policy),
      curve: (all[0]?.checkpoints ?? []).map(({ share }, index) => {
        const values = all.map((run) => regretOf(run, run.checkpoints[index]?.score ?? run.final));
        return { share, regret: mean(values), interval: interval(values, policy, share) };
      }),
      outOfMemoryShare: sum(all.map((run) => run.failures.outOfMemory)) / experiments, divergedShare: sum(all.map((run) => run.failures.diverged)) / experiments, otherFailureShare: sum(all.map((run) => run.failures.other)) / experiments,
      nodes: mean(all.map((run) => run.nodes)), agentSeconds: mean(all.map((run) => run.agentSeconds)), spentShare: meanOrNull(all.map((run) => run.spentShare)),
      against: test === undefined || pValue === undefined ? null : { ...test, adjusted: pValue, verdict: pValue >= level ? "not told apart" : test.difference > 0 ? "better" : "worse" },
    };
  });
  const bestRival = rows.filter((row) => rivals.includes(row.policy)).reduce<PolicyRow | null>((top, row) => (top === null || row.regret < top.regret ? row : top), null);
  const ownRow = rows.find((row) => row.policy === ours);
  return {
    family, seeds: new Set(runs.map((run) => run.seed)).size, rows, bestRival: bestRival?.policy ?? null,
    reachedAt: bestRival === null || ownRow === undefined ? null : shareReaching(ownRow.curve, bestRival.regret),
  };
}

/** Ours less theirs over the seeds that both ran. */
function compare(theirs: readonly JudgedRun[], own: ReadonlyMap<number, JudgedRun>): Omit<Comparison, "adjusted" | "verdict"> {
  const pairs = theirs.flatMap((run) => {
    const mine = own.get(run.seed);
    return mine === undefined ? [] : [{ mine: mine.final, theirs: run.final }];
  });
  const differences = pairs.map((pair) => pair.mine - pair.theirs);
  const seed = deriveSeed(1, "paired", theirs[0]?.policy ?? "");
  return { difference: mean(differences), interval: bootstrapInterval(differences, seed, resamples), pValue: pairedTest(pairs.map((pair) => pair.theirs), pairs.map((pair) => pair.mine), seed).pValue };
}

/** Where a curve first is at or below a regret, in a straight line between its points. */
export function shareReaching(curve: readonly Pick<CurvePoint, "share" | "regret">[], regret: number): number | null {
  let before: Pick<CurvePoint, "share" | "regret"> | null = null;
  for (const point of curve) {
    if (point.regret <= regret) {
      if (before === null || before.regret <= point.regret) return point.share;
      return before.share + ((point.share - before.share) * (before.regret - regret)) / (before.regret - point.regret);
    }
    before = point;
  }
  return null;
}

const interval = (values: readonly number[], ...uses: readonly (string | number)[]): Interval => bootstrapInterval(values, deriveSeed(1, "interval", ...uses), resamples);
function meanOrNull(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : mean(known);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
