import { FailureError, err, ok, type Delivery, type Failure, type JournalEvent, type JournalRecord, type Result, type RunStatus, type RunView, type SteeringAction } from "../contract/index.js";
import { measureBaselines } from "./baselines.js";
import { begin } from "./begin.js";
import { createMeter } from "./cost.js";
import { deliver } from "./delivery.js";
import type { SessionDependencies, SessionJournal } from "./dependencies.js";
import { factsOf } from "./facts.js";
import { chooseDelivered } from "./finalists.js";
import { foldRun } from "./fold.js";
import { fixKnowledge, keepInsights, runConditions } from "./knowledge.js";
import { createLedger } from "./ledger.js";
import type { SearchFacts } from "./policy-state.js";
import { search } from "./search.js";
import { checkSteering, nextSteeringId } from "./steering.js";
import { scoreVault, vaultOpening } from "./vault.js";
import { isDiskFull, stopIfAsked, type Work } from "./work.js";

/** One run. Everything it knows is in its journal, so that the next process can go on where this one ended. */
export interface Session {
  /** Works until the run is done, paused, stopped or failed, and gives the view then. Call it once. Rejects for bugs only. */
  run(signal: AbortSignal): Promise<RunView>;
  view(): RunView;
  /** Ends the child that runs now; the run can be resumed. */
  requestPause(): void;
  /** Ends the search with what was kept; the run can still be resumed. */
  requestStop(): void;
  /** Takes a user's action into the journal; the search goes on from it. Refused with a sentence when it makes no sense now. */
  steer(action: SteeringAction): Promise<Result<void>>;
}

type Intent = "paused" | "stopped" | "interrupted";

export function createSession(deps: SessionDependencies): Session {
  const ledger = createLedger(deps);
  const own = new AbortController();
  const running: Work["running"] = { current: null };
  let intent: Intent = "interrupted";
  /** Set when the journal itself can no longer say what happened. */
  let unwritten: Pick<RunView, "status" | "phase" | "failure"> | null = null;
  const view = (): RunView => (unwritten === null ? ledger.view() : { ...ledger.view(), ...unwritten });
  const ask = (wanted: Intent) => (): void => {
    intent = wanted;
    own.abort();
  };

  async function run(signal: AbortSignal): Promise<RunView> {
    if (ledger.view().status === "done") return view();
    const work: Work = {
      deps, ledger, meter: createMeter(deps.clock, deps.energy), signal: AbortSignal.any([signal, own.signal]), running, nodesAtStart: ledger.view().nodes.length,
    };
    const stopHeartbeat = ledger.startHeartbeat();
    try {
      const ended = await advance(work);
      if (!ended.ok) throw new FailureError(ended.error);
      await ledger.bookTime();
    } catch (error) {
      const event = closingEvent(failureOf(error), work.signal.aborted ? intent : null, ledger.view());
      const written = await tryAppend(event);
      if (!written) unwritten = { status: event.status, phase: event.phase, failure: event.failure ?? null };
      deps.onChange(view());
      // A bug is not a result: it goes on to the caller's crash handler once the journal says where the run stands.
      if (!(error instanceof FailureError)) throw error;
      return view();
    } finally {
      await stopHeartbeat();
    }
    deps.onChange(view());
    return view();
  }

  async function tryAppend(event: JournalEvent): Promise<boolean> {
    try {
      await ledger.append(event);
      await ledger.bookTime();
      return true;
    } catch {
      // The journal cannot be written. Its records so far are whole, and the caller is told by the view.
      return false;
    }
  }

  async function steer(action: SteeringAction): Promise<Result<void>> {
    const allowed = checkSteering(ledger.view(), action, searchEnded(deps.journal.records()));
    if (!allowed.ok) return allowed;
    try {
      await ledger.append({ type: "steered", id: nextSteeringId(deps.journal.records()), action });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return err(error.failure);
    }
    if (action.kind === "prune" && running.current?.nodeId === action.nodeId) running.current.abort.abort();
    return ok(undefined);
  }

  return { run, view, requestPause: ask("paused"), requestStop: ask("stopped"), steer };
}

/** The run from wherever its journal stands to its end. */
async function advance(work: Work): Promise<Result<void>> {
  const { ledger } = work;
  const began = await begin(work);
  if (!began.ok) return began;
  const opened = vaultOpening(work);
  if (opened === null) {
    await fixKnowledge(work);
    stopIfAsked(work);
    const facts: SearchFacts = { recipe: factsOf(work, began.value), conditions: runConditions(work, began.value) };
    if (!searchEnded(work.deps.journal.records())) await explore(work, facts);
    // Once rows of dev-select were read the search never goes on: it would be choosing by them.
    const winnerId = await chooseDelivered(work, facts);
    await ledger.append({ type: "status-changed", status: "vault", phase: "Opening the vault, once, for the chosen model and the base model." });
    return finish(work, winnerId);
  }
  await ledger.append({ type: "status-changed", status: "vault", phase: "Finishing the one opening of the vault." });
  return finish(work, opened.nodeId);
}

async function explore(work: Work, facts: SearchFacts): Promise<void> {
  await work.ledger.append({ type: "status-changed", status: "searching", phase: "Measuring the base model." });
  await measureBaselines(work, facts);
  const reason = await search(work, facts);
  await work.ledger.append({ type: "status-changed", status: "finalists", phase: `The search ended. ${reason}` });
}

async function finish(work: Work, winnerId: string): Promise<Result<void>> {
  const scored = await scoreVault(work, winnerId);
  if (!scored.ok) return scored;
  const delivered = await deliver(work);
  if (!delivered.ok) return delivered;
  await keepInsights(work);
  const { delivery } = work.ledger.view();
  await work.ledger.append({ type: "status-changed", status: "done", phase: closingSentence(delivery?.kind ?? "base") });
  return ok(undefined);
}

/** Takes a user's action into the journal of a run that nobody works on. The caller holds the journal's lock. */
export async function steerAtRest(journal: SessionJournal, action: SteeringAction): Promise<Result<void>> {
  const allowed = checkSteering(foldRun(journal.records()), action, searchEnded(journal.records()));
  if (!allowed.ok) return allowed;
  const written = await journal.append({ type: "steered", id: nextSteeringId(journal.records()), action }, { durable: true });
  return written.ok ? ok(undefined) : written;
}

function searchEnded(records: readonly JournalRecord[]): boolean {
  return records.some(({ event }) => event.type === "status-changed" && event.status === "finalists");
}

function closingSentence(kind: Delivery["kind"]): string {
  switch (kind) {
    case "adapter": return "Done: a better model was delivered.";
    case "prompt": return "Done: a better prompt for the base model was delivered.";
    case "base": return "Done: the prompted base model was delivered.";
  }
}

type Closing = Extract<JournalEvent, { type: "status-changed" }>;

/** What a run that could not go on says of itself. */
function closingEvent(failure: Failure, intent: Intent | null, view: RunView): Closing {
  const kept = `${view.nodes.filter((node) => node.finishedAt !== null).length} finished nodes were kept.`;
  const closing = (status: RunStatus, phase: string, reason?: Failure): Closing => ({ type: "status-changed", status, phase, ...(reason === undefined ? {} : { failure: reason }) });
  if (intent === "paused") return closing("paused", `Paused. ${kept} Resume goes on from here.`);
  if (intent === "stopped") return closing("stopped", `Stopped. ${kept} Resume goes on from here.`);
  if (intent === "interrupted" || failure.class === "CANCELLED") return closing("interrupted", `Interrupted. ${kept} Resume goes on from here.`);
  if (isDiskFull(failure)) {
    const full = { ...failure, hint: "Free some space, then resume the run. Everything finished was kept." };
    return closing("paused", `Paused because the disk is full. ${kept}`, full);
  }
  // A machine that failed may be mended; a wrong task stays wrong.
  if (failure.class === "ENV") return closing("paused", `Paused: ${failure.message} ${kept}`, failure);
  return closing("failed", failure.message, failure);
}

function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  return { class: "INTERNAL", code: "session.bug", message: `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`, hint: "Everything finished was kept. Please report this, then resume." };
}
