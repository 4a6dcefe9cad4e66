import { createHash } from "node:crypto";
import type { JournalRecord, RunView } from "../../contract/index.js";
import { treeChart, lossChart } from "./charts.js";
import { formatOf } from "./format.js";
import { html, type Html } from "./html.js";
import { headline } from "./report-headline.js";
import { hypothesesSection } from "./report-hypotheses.js";
import { cardsSection, steeringSection } from "./report-knowledge.js";
import { costSection, dataSection, limitsSection, provenanceSection, regressionSection, rungText } from "./report-sections.js";
import { reportStyle } from "./report-style.js";
import { experimentDetails, mostRows, treeTable } from "./report-tree.js";
import { runItSection } from "./report-usage.js";

/**
 * The whole report as one page that loads nothing: no script, no font, no image from anywhere.
 * @param records the run's journal: with it, the page shows the cards' sources and everything the user did
 */
export function renderReport(view: RunView, records: readonly JournalRecord[] = []): string {
  const format = formatOf(view.requirement?.metric ?? null);
  const delivered = view.nodes.find((node) => node.id === view.delivery?.nodeId);
  const loss = delivered === undefined ? null : lossChart(delivered);
  const rung = rungText(view);
  const body: Html = html`<main>
<header><p class="eyebrow">TREX Desktop report</p><h1>${view.requirement?.goal ?? "A run without a task"}</h1>
<p>${view.requirement?.modelName ?? "No model"} · run ${view.runId} · ${dateText(view.createdAt)}</p></header>
${headline(view, format)}
${runItSection(view)}
${section("How the search went", treeChart({ ...view, nodes: view.nodes.slice(0, mostRows) }, format), html`<ul class="legend"><li>Each dot is an experiment in the order it was run, with its 95 % interval on dev-search; curves lead from the node it grew from.</li><li>The dashed line is the prompted base model.</li><li>× was pruned or failed before it had a score.</li></ul>${rung === null ? null : html`<p class="soft">${rung}</p>`}`)}
${treeTable(view, format)}
${delivered === undefined || loss === null ? null : section(`Training loss of ${delivered.id}`, loss, html`<p class="soft">Loss per trained token by step.${delivered.loss.some((point) => point.validation !== undefined) ? " Rings are the loss on rows kept out of training." : ""}</p>`)}
${hypothesesSection(view)}
${steeringSection(view, records)}
${costSection(view)}
${regressionSection(view)}
${dataSection(view)}
${cardsSection(view, records)}
${experimentDetails(view, format)}
${limitsSection(view)}
${provenanceSection(view)}
<footer>Made on this computer by TREX Desktop. Nothing left it, and this page loads nothing.</footer>
</main>`;
  const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(reportStyle).digest("base64")}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
${html`<title>${view.requirement?.goal ?? view.runId} · TREX Desktop</title>`.text}<style>${reportStyle}</style></head>
<body>
${body.text}
</body></html>
`;
}

export function section(title: string, content: Html | null, note: Html | null = null): Html | null {
  return content === null ? null : html`<section><h2>${title}</h2>${content}${note}</section>`;
}

function dateText(iso: string): string {
  return iso === "" ? "not started" : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
