import type { RunView } from "../../contract/index.js";
import { durationText, energyText, moneyText, numberText } from "./format.js";
import { cut } from "./cut.js";
import { html, type Html } from "./html.js";

export function costSection(view: RunView): Html {
  const { cost, requirement } = view;
  const wasted = view.nodes.filter((node) => node.status === "failed" || node.status === "cancelled").reduce((sum, node) => sum + node.cost.totalSeconds, 0);
  const other = Math.max(0, cost.totalSeconds - cost.trainSeconds - cost.evalSeconds - cost.agentSeconds);
  const money = moneyText(cost, requirement?.tariffPerKilowattHour ?? null);
  const rows: (readonly [string, string])[] = [
    ["Training", durationText(cost.trainSeconds)], ["Evaluation", durationText(cost.evalSeconds)],
    ["Agents", `${durationText(cost.agentSeconds)}, ${cost.agentTokens.toLocaleString("en")} tokens${agentShare(view)}`], ["Everything else", durationText(other)],
    ["Whole run, wall clock", durationText(cost.totalSeconds)], ["Spent on experiments that failed", durationText(wasted)],
    ["Energy", energyText(cost) ?? "not measured: nothing on this machine measures it"],
    ["Money", money ?? (requirement?.tariffPerKilowattHour === null ? "no tariff is set" : "unknown without an energy measurement")],
  ];
  return html`<section><h2>What it cost</h2><dl class="pairs">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>${view.plannerRetired === null ? null : html`<p><strong>The house planner took over from the language model.</strong> ${cut(view.plannerRetired)}</p>`}</section>`;
}

/** What thinking cost beside what it was thinking about. */
function agentShare({ cost }: RunView): string {
  return cost.trainSeconds > 0 ? `; ${((cost.agentSeconds / cost.trainSeconds) * 100).toFixed(cost.agentSeconds * 10 < cost.trainSeconds ? 1 : 0)} % of the time spent training` : "";
}

/** How far a short training can be trusted to tell a dead end. */
export function rungText({ rungCorrelation }: RunView): string | null {
  if (rungCorrelation === null) return null;
  const { spearman, n } = rungCorrelation;
  const judged = spearman >= 0.7 ? "short trainings ranked recipes much as full ones did" : spearman >= 0.3 ? "short trainings told good from bad only roughly" : "short trainings said little about full ones";
  return `Rank correlation of pilot and full score: ${spearman.toFixed(2)} over ${n} nodes; ${judged}.`;
}

export function regressionSection(view: RunView): Html | null {
  if (view.regression.length === 0) return null;
  return html`<section><h2>Did general behaviour get worse?</h2><div class="scroll"><table><thead><tr><th>Check</th><th>Guard</th><th class="number">Base</th><th class="number">Candidate</th><th>Result</th><th>Note</th></tr></thead>
<tbody>${view.regression.map((check) => html`<tr><td>${check.name}</td><td>${check.guard ?? ""}</td><td class="number">${numberText(check.base)}</td><td class="number">${numberText(check.candidate)}</td><td><span class="badge ${check.passed ? "tone-gain" : "tone-failed"}">${check.passed ? "passed" : "failed"}</span></td><td>${check.note}</td></tr>`)}</tbody></table></div></section>`;
}

export function dataSection(view: RunView): Html | null {
  const report = view.importReport;
  if (report === null) return null;
  const sizes = Object.entries(view.requirement?.splitSizes ?? {}).map(([name, count]) => `${name} ${count}`).join(", ");
  const rows: (readonly [string, string])[] = [
    ["File", report.path], ["Format", `${report.format}, ${report.encoding}`], ["Rows", `${report.accepted} of ${report.rows} used`],
    ["Repeated rows", String(report.duplicates)], ["Rows that contradict each other", String(report.conflicts)], ["Splits", sizes],
    ["Why this metric", view.requirement?.metricReason ?? ""], ["Skill", view.requirement?.skill ?? ""], ["Form of the answers", view.requirement?.formatRules ?? ""],
  ];
  return html`<section><h2>Data</h2><dl class="pairs">${rows.filter(([, value]) => value !== "").map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${report.rejected.length === 0 ? null : html`<h3>Rows that were not used</h3><ul>${report.rejected.slice(0, 200).map((reason) => html`<li>${reason.count} × ${reason.reason} (first in row ${reason.firstRow})</li>`)}</ul>`}
${view.warnings.length === 0 ? null : html`<h3>Warnings</h3><ul>${view.warnings.slice(0, 200).map((warning) => html`<li>${cut(warning)}</li>`)}</ul>`}</section>`;
}

/** What these numbers do not say. */
export function limitsSection(view: RunView): Html {
  const vaultRows = view.vault?.n ?? view.requirement?.splitSizes.vault ?? 0;
  const seeds = view.nodes.find((node) => node.id === view.delivery?.nodeId)?.finalist?.seeds ?? 0;
  return html`<section><h2>What these numbers do not say</h2><ul>
<li>The test rows come from the same file as the training rows. On requests of another kind the model may do better or worse.</li>
<li>The intervals cover the choice of ${vaultRows} test rows, not another training: ${seeds > 1 ? `the delivered recipe was trained with ${seeds} seeds, of which the first is delivered.` : "the delivered recipe was trained with one seed."}</li>
<li>Answers were scored with greedy decoding and the model file's own chat template. Sampling or another template changes them.</li>
<li>The regression gate is a small set of checks. It finds a model that broke, not every skill that got weaker.</li>
</ul></section>`;
}

export function provenanceSection(view: RunView): Html | null {
  const { requirement } = view;
  if (requirement === null) return null;
  const rows: (readonly [string, string])[] = [
    ["Base model", `${requirement.modelName} (${requirement.architecture})`], ["Model SHA-256", requirement.modelSha256], ["Data SHA-256", requirement.dataSha256],
    ["Seed", String(requirement.seed)], ["Planner", requirement.planner === "house" ? "house planner" : `language model, ${requirement.agentModelPath ?? ""}`],
    ["A gain counts from", `${numberText(requirement.gainSigmas)} standard errors of the paired difference`], ["Longest answer", `${requirement.maxAnswerTokens} tokens`],
  ];
  return html`<section><h2>To repeat this run</h2><dl class="pairs">${rows.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl></section>`;
}
