import path from "node:path";
import { ok, type Delivery, type Result, type RunView } from "../contract/index.js";
import { checkExport } from "./experiment.js";
import { leased, nodeOf, requirementOf, unlessHalted, type Work } from "./work.js";
import { vaultOpening } from "./vault.js";

/** The regression gate, the decision what is handed over, and the report. Each is done once, however often the run resumes. */
export async function deliver(work: Work): Promise<Result<void>> {
  const { ledger, deps, meter } = work;
  const opening = vaultOpening(work);
  if (opening === null) throw new Error("Nothing is delivered before the vault was scored.");
  const reportPath = path.join(deps.runDirectory, "report.html");
  if (ledger.view().delivery === null) {
    const node = nodeOf(ledger.view(), opening.nodeId);
    const adapter = node.recipe.training === null ? ok(null) : await checkExport(work, node);
    if (!adapter.ok) return adapter;
    if (adapter.value !== null && ledger.view().regression.length === 0) {
      const { modelPath, threads, mustNotGetWorse } = requirementOf(ledger.view());
      await ledger.append({ type: "status-changed", status: "vault", phase: "Checking that general behaviour did not get worse." }, "relaxed");
      const checked = unlessHalted(work, await leased(work, "evaluator", () => meter.run("evaluate", () => deps.evaluator.regression({ modelPath, adapterPath: adapter.value, threads, guards: mustNotGetWorse }, work.signal))));
      if (!checked.ok) return checked;
      await ledger.append({ type: "regression-checked", results: [...checked.value.checks], cost: meter.take() });
    }
    await ledger.append({ type: "delivered", delivery: decideDelivery(ledger.view(), opening.nodeId, opening.baselineNodeId, reportPath) });
  }
  return unlessHalted(work, await deps.writeReport(ledger.view(), reportPath));
}

/** Both have to hold: on few rows the bootstrap's interval is narrower than the exact test allows. */
const largestPValue = 0.05;

/** An adapter is delivered only when the vault's paired gain is surely above zero and the regression gate holds. */
export function decideDelivery(view: RunView, winnerId: string, baselineId: string, reportPath: string): Delivery {
  const base = (reason: string, nodeId = baselineId): Delivery => ({ kind: "base", nodeId, adapterPath: null, reportPath, reason });
  const nothing = "Nothing that was trained beat the prompted base model on dev-search";
  if (winnerId === baselineId) return base(`${nothing}, and no prompt beat the bare one, so the bare base model is delivered.`);
  const isPrompt = nodeOf(view, winnerId).recipe.training === null;
  const vault = view.vault;
  if (vault === null) return base("The vault was not scored, so nothing is known to be better than the base model.");
  const [low, high] = vault.gain.ci;
  const signed = signedFor(view);
  const interval = `${signed(vault.gain.score)} (95 % interval ${signed(low)} to ${signed(high)}, ${vault.gain.n} rows)`;
  const sure = low > 0 && vault.pValue < largestPValue;
  if (isPrompt) {
    return sure
      ? { kind: "prompt", nodeId: winnerId, adapterPath: null, reportPath, reason: `${nothing}; its best prompt beat the bare base model on the vault by ${interval}, so the base model with that prompt is delivered.` }
      : base(`${nothing}, so the base model with its best prompt is delivered. What the prompt alone gains is not surely above zero: ${interval}, p = ${vault.pValue.toPrecision(2)}.`, winnerId);
  }
  if (!sure) return base(`The best candidate's gain on the vault is not surely above zero: ${interval}, p = ${vault.pValue.toPrecision(2)}. The base model with its best prompt is delivered.`);
  const broken = view.regression.filter((check) => !check.passed);
  if (broken.length > 0) return base(`The best candidate gained ${interval} but failed the regression gate: ${broken.map((check) => check.name).join(", ")}. The base model with its best prompt is delivered.`);
  return {
    kind: "adapter", nodeId: winnerId, adapterPath: nodeOf(view, winnerId).adapterPath, reportPath,
    reason: `It beat the prompted base model on the vault by ${interval}, and general behaviour did not get worse.`,
  };
}

/** Rates read best in percentage points; log-likelihoods have no other unit. */
function signedFor(view: RunView): (value: number) => string {
  const isRate = view.requirement?.metric !== "perplexity";
  return (value) => `${value < 0 ? "−" : "+"}${isRate ? `${(Math.abs(value) * 100).toFixed(1)} points` : Math.abs(value).toFixed(3)}`;
}
