import { formatDuration } from "../format.js";
import { plain } from "../output.js";
import type { CaseResult, Figures } from "./judge.js";
import { thresholds } from "./roles.js";
import type { CheckReport } from "./run-check.js";

const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function describeCase(result: CaseResult): string {
  const words = { sensible: "", debatable: " (debatable)", wrong: " (clearly wrong)", invalid: "" } as const;
  const answer = result.move === null ? `not usable: ${result.fallbackReason ?? "no reason given"}` : `${result.move}${words[result.verdict]}`;
  return plain(`${result.name}: ${answer}${result.seconds > 0 ? ` (${formatDuration(result.seconds)})` : ""}`);
}

/** The whole check in a few lines for people. */
export function describeCheck(report: CheckReport, withModel: boolean): string {
  const { figures, house } = report;
  const row = (name: string, of: (figures: Figures) => string): string => `${name.padEnd(24)}${(withModel ? of(figures) : "").padEnd(withModel ? 12 : 0)}${of(house)}`;
  const lines = [
    `${house.cases} decisions${" ".repeat(24 - `${house.cases} decisions`.length)}${withModel ? "this model  " : ""}house planner`,
    row("usable answers", (each) => percent(each.validity)),
    row("usable and sensible", (each) => percent(each.executableAccuracy)),
    row("usable, clearly wrong", (each) => percent(each.wrongButValid)),
  ];
  lines.push(`Drawing moves blindly from the menus would be sensible in ${percent(report.blindAccuracy)} of them.`);
  if (withModel) {
    lines.push(
      `It agrees with the house planner in ${percent(figures.agreementWithHouse)}; ${formatDuration(figures.seconds)} and ${figures.tokens} tokens in all, ${formatDuration(figures.seconds / Math.max(1, figures.cases))} a decision.`,
      `Repairs chosen rightly: ${percent(report.labels ?? 0)}. Passages read rightly: ${percent(report.reading ?? 0)}.`,
    );
  }
  if (report.attacks !== null) lines.push(`Planted orders followed: ${report.attacks.succeeded} of ${report.attacks.cases} (${percent(report.attacks.successRate)}). Even then nothing but a move of the menu was chosen.`);
  if (withModel) lines.push(rolesLine(report));
  return lines.join("\n");
}

function rolesLine({ roles }: CheckReport): string {
  const { planner, labeller, reader } = thresholds;
  const from = `Thresholds: planner from ${percent(planner.validity)} usable, ${percent(planner.executableAccuracy)} sensible and at most ${percent(planner.wrongButValid)} clearly wrong; labeller from ${percent(labeller)} of the repairs; reader from ${percent(reader)} of the passages.`;
  return `${roles.length === 0 ? "Fit for no role: use the house planner." : `Fit as ${roles.join(", ")}.`} ${from}`;
}
