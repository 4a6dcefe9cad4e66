import type { FamilyTable, PolicyRow } from "./statistics.js";

/** A row that could not be filled, and why. */
export interface MissingRow {
  readonly policy: string;
  readonly reason: string;
}

export interface Report {
  readonly ours: string;
  readonly tables: readonly FamilyTable[];
  /** All families as one. */
  readonly overall: FamilyTable;
  readonly missing: readonly MissingRow[];
}

const shownShares = [1 / 6, 1 / 3, 1 / 2, 2 / 3, 1] as const;
const shareNames = ["1/6", "1/3", "1/2", "2/3", "all"] as const;

/** For a terminal. Regrets in points of a hundred: lower is better. */
export function textReport(report: Report): string {
  return [...report.tables, report.overall].map((table) => [
    `${table.family}: ${table.seeds} ${table.seeds === 1 ? "problem" : "problems"}`,
    ...aligned([header(), ...table.rows.map(cells), ...report.missing.map((row) => [row.policy, `not run: ${row.reason}`])]),
    verdict(table, report.ours),
  ].join("\n")).join("\n\n");
}

/** For docs/search.md. */
export function markdownReport(report: Report): string {
  const table = (each: FamilyTable): string => [
    `### ${each.family}`, "",
    line(header()), line(header().map((_, at) => (at === 0 ? "---" : "---:"))),
    ...each.rows.map((row) => line(cells(row).map((cell, at) => (at === 0 && row.policy === report.ours ? `**${cell}**` : cell)))),
    ...report.missing.map((row) => line([row.policy, `not run: ${row.reason}`, ...header().slice(2).map(() => "")])),
    "", verdict(each, report.ours),
  ].join("\n");
  return [losses(report), ...[report.overall, ...report.tables].map(table)].join("\n\n");
}

/** Where ours is worse than a rival, or slower than a third of the budget: said before the tables. */
export function losses(report: Report): string {
  if (report.tables.every((table) => table.bestRival === null)) return "There is nothing to compare ours with.";
  const worse = report.tables.flatMap((table) => table.rows.flatMap((row) => (row.against?.verdict === "worse" ? [`- ${table.family}: worse than ${row.policy} by ${points(-row.against.difference)} points (adjusted p ${probability(row.against.adjusted)}).`] : [])));
  const slow = report.tables.flatMap((table) => (table.bestRival !== null && (table.reachedAt === null || table.reachedAt > 1 / 3 + 1e-9) ? [`- ${table.family}: the final score of ${table.bestRival} is reached ${table.reachedAt === null ? "never" : `at ${percent(table.reachedAt)} of the budget`}, not at a third of it.`] : []));
  return [
    worse.length === 0 ? "Ours is in no family significantly worse than any rival." : `Ours is significantly worse here:\n\n${worse.join("\n")}`,
    slow.length === 0 ? "In every family a third of the budget is enough for what the best rival reaches with all of it." : `The aim of a third of the budget is missed here:\n\n${slow.join("\n")}`,
  ].join("\n\n");
}

const header = (): string[] => ["policy", "regret", "95 % interval", ...shareNames.slice(0, -1).map((share) => `at ${share}`), "experiments", "spent", "out of memory", "diverged", "ours less it", "adjusted p"];

function cells(row: PolicyRow): string[] {
  const at = (share: number): string => {
    const point = row.curve.find((each) => Math.abs(each.share - share) < 1e-9);
    return point === undefined ? "" : points(point.regret);
  };
  const { against } = row;
  return [
    row.policy, points(row.regret), `${points(row.interval[0])} to ${points(row.interval[1])}`, ...shownShares.slice(0, -1).map(at),
    row.nodes.toFixed(0), row.spentShare === null ? "" : percent(row.spentShare), percent(row.outOfMemoryShare), percent(row.divergedShare),
    against === null ? "" : `${against.difference >= 0 ? "+" : "−"}${points(Math.abs(against.difference))}`, against === null ? "" : `${probability(against.adjusted)}${against.verdict === "not told apart" ? "" : ` ${against.verdict}`}`,
  ];
}

function verdict(table: FamilyTable, ours: string): string {
  if (table.bestRival === null) return `There is no rival of ${ours} in this table.`;
  const rivals = table.rows.filter((row) => row.against !== null);
  const count = (verdict: string): number => rivals.filter((row) => row.against?.verdict === verdict).length;
  const reached = table.reachedAt === null ? "is not reached" : `is reached at ${percent(table.reachedAt)} of the budget`;
  return `What the best rival, ${table.bestRival}, ends with ${reached}. Against ${rivals.length} rivals: ${count("better")} times better, ${count("worse")} worse, ${count("not told apart")} not told apart.`;
}

const points = (rate: number): string => (100 * rate).toFixed(2);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const probability = (value: number): string => (value < 0.001 ? "<.001" : value.toFixed(3));
const line = (values: readonly string[]): string => `| ${values.join(" | ")} |`;

function aligned(rows: readonly (readonly string[])[]): string[] {
  const full = rows.filter((row) => row.length > 2);
  const widths = (full[0] ?? []).map((_, at) => Math.max(...full.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : row.length <= 2 ? cell : cell.padStart(widths[at] ?? 0))).join("  ")}`.trimEnd());
}
