import type { RunView } from "../../contract/index.js";
import { intervalChart, type IntervalRow } from "./charts.js";
import { durationText, energyText, moneyText, pValueText, type Format } from "./format.js";
import { html, type Html } from "./html.js";

/** What came out, with its certainty and its price, before anything else. */
export function headline(view: RunView, format: Format): Html {
  return html`<section class="headline ${view.delivery?.kind ?? "base"}">${claim(view, format)}${vaultChart(view, format)}
<dl class="facts">${facts(view, format)}</dl></section>`;
}

function claim(view: RunView, format: Format): Html {
  if (view.delivery === null || view.vault === null || view.baseline === null) {
    return html`<p class="claim">This run is not finished, so nothing is delivered and the sealed test rows are untouched.</p><p class="soft">${view.phase}</p>`;
  }
  const { vault, baseline, delivery } = view;
  const unit = format.isRate ? " points" : "";
  // The score of what is handed over: the candidate's own, or that of what it did not beat.
  const delivered = delivery.nodeId === vault.nodeId ? vault : baseline;
  if (delivery.kind === "base") {
    return html`<p class="claim"><strong>The base model is delivered as it is, with its best prompt.</strong> It scores ${format.score(delivered.score)} on ${vault.n} sealed test rows.</p><p>${delivery.reason}</p>`;
  }
  if (delivery.kind === "prompt") {
    return html`<p class="claim"><strong>The base model is delivered with a prompt that was found for it.</strong> With it, it scores <strong>${format.score(vault.score)}</strong> on ${vault.n} sealed test rows, and ${format.score(baseline.score)} without; nothing was trained into it. That is <strong>${format.gain(vault.gain.score)}${unit}</strong>, with a 95 % interval of ${format.gainInterval(vault.gain.ci)}.</p><p>${delivery.reason}</p>`;
  }
  return html`<p class="claim">The fine-tuned model scores <strong>${format.score(vault.score)}</strong> on ${vault.n} sealed test rows; the prompted base model scores ${format.score(baseline.score)}. That is <strong>${format.gain(vault.gain.score)}${unit}</strong>, with a 95 % interval of ${format.gainInterval(vault.gain.ci)}.</p><p class="soft">Measured by ${format.metric}.</p>`;
}

function vaultChart(view: RunView, format: Format): Html | null {
  if (view.vault === null || view.baseline === null) return null;
  const base: IntervalRow = { label: comparedWithBare(view) ? "Bare base" : "Prompted base", estimate: view.baseline, tone: "base" };
  const same = view.delivery !== null && view.vault.gain.score === 0 && view.delivery.kind !== "adapter" && view.vault.pValue === 1;
  const label = view.delivery?.kind === "adapter" ? "Fine-tuned" : comparedWithBare(view) ? "Best prompt" : "Best candidate";
  return intervalChart(same ? [base] : [base, { label, estimate: view.vault, tone: "candidate" }], format);
}

/** The candidate was itself a prompt, so it was held against the model without any. */
function comparedWithBare(view: RunView): boolean {
  const candidate = view.nodes.find((node) => node.id === view.vault?.nodeId);
  return candidate?.recipe.training === null;
}

function facts(view: RunView, format: Format): Html[] {
  const { vault, requirement } = view;
  const fact = (name: string, value: string, note = ""): Html => html`<div><dt>${name}</dt><dd>${value}${note === "" ? null : html`<small>${note}</small>`}</dd></div>`;
  const energy = energyText(view.cost);
  const money = moneyText(view.cost, requirement?.tariffPerKilowattHour ?? null);
  return [
    ...(vault === null ? [] : [
      fact("Paired gain", format.gain(vault.gain.score), `95 % interval ${format.gainInterval(vault.gain.ci)}`),
      fact("Paired test", pValueText(vault.pValue), "two-sided, same rows"),
      fact("Vault opened", vault.timesOpened === 1 ? "once" : `${vault.timesOpened} times`, `${vault.n} rows no agent saw`),
    ]),
    ...(view.noiseFloor === null ? [] : [fact("Noise floor", `± ${format.gain(view.noiseFloor).slice(1)}`, "standard error of one dev-search score")]),
    fact("Experiments", String(view.nodes.length), `${view.backtracks} ${view.backtracks === 1 ? "backtrack" : "backtracks"}`),
    fact("Time", durationText(view.cost.totalSeconds), `of a budget of ${durationText(view.budget.totalMs / 1000)}`),
    fact("Agents", durationText(view.cost.agentSeconds), `${view.cost.agentTokens.toLocaleString("en")} tokens`),
    fact("Energy", energy ?? "not measured", energy === null ? "nothing on this machine measures it" : money === null ? "" : `${money} at ${requirement?.tariffPerKilowattHour ?? 0} per kWh`),
  ];
}
