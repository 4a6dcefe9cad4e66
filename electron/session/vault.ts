import { ok, type ItemScore, type JournalEventOf, type Result, type RunView, type TreeNode } from "../contract/index.js";
import { deriveSeed, estimateOf, pairedGain, pairedTest } from "../stats/index.js";
import { checkExport } from "./experiment.js";
import { pairScores } from "./pairing.js";
import { evaluate } from "./rungs.js";
import { nodeOf, requirementOf, sealedItemsPath, type Work } from "./work.js";

/** The candidate the vault was opened for, or null while it is sealed. Once opened, the choice is final. */
export function vaultOpening(work: Work): JournalEventOf<"vault-opening"> | null {
  const record = work.deps.journal.records().find(({ event }) => event.type === "vault-opening");
  return record?.event.type === "vault-opening" ? record.event : null;
}

/**
 * Opens the vault for one candidate and the prompted base. The opening is journalled and fsynced first; a process that
 * dies after it is continued by the next one as the same opening: same candidate, fixed before the first row was read,
 * and models whose rows are already scored are not scored again. There is never a second opening.
 */
export async function scoreVault(work: Work, winnerId: string): Promise<Result<void>> {
  const { ledger, deps, meter } = work;
  if (ledger.view().vault !== null) return ok(undefined);
  if (vaultOpening(work) === null) {
    await ledger.append({ type: "vault-opening", nodeId: winnerId, baselineNodeId: comparedWith(ledger.view(), winnerId) });
  }
  const opening = vaultOpening(work);
  if (opening === null) throw new Error("The vault's opening was written and is not in the journal.");
  const view = ledger.view();
  const seed = deriveSeed(requirementOf(view).seed, "vault");
  const base = await scoreOnce(work, nodeOf(view, opening.baselineNodeId));
  if (!base.ok) return base;
  const candidate = opening.nodeId === opening.baselineNodeId ? base : await scoreOnce(work, nodeOf(view, opening.nodeId));
  if (!candidate.ok) return candidate;

  const pairs = pairScores(base.value, candidate.value);
  const estimate = estimateOf(pairs.candidate, seed);
  await ledger.append({
    type: "vault-scored", nodeId: opening.nodeId, baseline: estimateOf(pairs.reference, seed), cost: meter.take(),
    vault: {
      ...estimate, nodeId: opening.nodeId, comparedWith: opening.baselineNodeId, timesOpened: deps.journal.records().filter(({ event }) => event.type === "vault-opening").length,
      gain: pairedGain(pairs.reference, pairs.candidate, seed), pValue: pairedTest(pairs.reference, pairs.candidate, seed).pValue,
    },
  });
  return ok(undefined);
}

/** An adapter has to beat the best prompt there is; a prompt has to beat the bare model. */
function comparedWith(view: RunView, winnerId: string): string {
  if (winnerId !== view.baselineNodeId) return view.baselineNodeId ?? winnerId;
  return view.nodes.find((node) => node.kind === "baseline" && node.failure === null && node.score !== null)?.id ?? winnerId;
}

/** Scores that an earlier process finished writing are used as they are. */
async function scoreOnce(work: Work, node: TreeNode): Promise<Result<readonly ItemScore[]>> {
  const outPath = sealedItemsPath(work, `vault-${node.id}`);
  const expected = requirementOf(work.ledger.view()).splitSizes.vault ?? 0;
  if (await work.deps.files.exists(outPath)) {
    const written = await work.deps.files.readItems(outPath);
    if (written.ok && expected > 0 && written.value.length === expected) return written;
  }
  const adapter = node.recipe.training === null ? ok(null) : await checkExport(work, node);
  if (!adapter.ok) return adapter;
  const scored = await evaluate(work, node, { stage: "evaluate", split: "vault", adapterPath: adapter.value, outPath });
  return scored.ok ? ok(scored.value.items) : scored;
}
