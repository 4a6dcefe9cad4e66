import { FailureError, type JournalEvent, type RunView } from "../contract/index.js";
import type { SessionDependencies } from "./dependencies.js";
import { applyRecord, foldRun } from "./fold.js";

const heartbeatMs = 5000;
/** Shorter stretches are booked with the next record, so that a quick run does not fill its journal with time. */
const leastBookedMs = 1000;

/**
 * The run's only way to its journal. Keeps the view folded and books wall-clock as it goes. A record that cannot
 * be written ends the run where it stands (FailureError): nothing may happen that the journal does not know.
 */
export interface Ledger {
  view(): RunView;
  /** Milliseconds spent, those not booked yet included. */
  spentMs(): number;
  append(event: JournalEvent, durability?: "durable" | "relaxed"): Promise<void>;
  /** Books the time since the last record. */
  bookTime(): Promise<void>;
  /** Books time every few seconds until the function it gives is called. */
  startHeartbeat(): () => Promise<void>;
}

export function createLedger({ journal, clock, onChange }: Pick<SessionDependencies, "journal" | "clock" | "onChange">): Ledger {
  let view = foldRun(journal.records());
  let bookedUpToMs = clock.now();
  let queue: Promise<void> = Promise.resolve();

  async function write(event: JournalEvent, durable: boolean): Promise<void> {
    const written = await journal.append(event, { durable });
    if (!written.ok) throw new FailureError(written.error);
    view = applyRecord(view, written.value);
  }

  async function writeTime(leastMs: number): Promise<void> {
    const elapsedMs = clock.now() - bookedUpToMs;
    if (elapsedMs < leastMs || view.runId === "") return;
    bookedUpToMs += elapsedMs;
    await write({ type: "time-spent", elapsedMs }, false);
  }

  /** One writer at a time: the heartbeat must not slip between an event and its time. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  return {
    view: () => view,
    spentMs: () => view.budget.spentMs + (clock.now() - bookedUpToMs),
    append: (event, durability = "durable") => inTurn(async () => {
      await writeTime(leastBookedMs);
      await write(event, durability === "durable");
      onChange(view);
    }),
    bookTime: () => inTurn(() => writeTime(1)),
    startHeartbeat() {
      // A heartbeat the journal refuses stops the beat; the next append is refused too and ends the run with the reason.
      const timer = setInterval(() => {
        void inTurn(() => writeTime(leastBookedMs)).then(() => onChange(view), () => clearInterval(timer));
      }, heartbeatMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await queue;
      };
    },
  };
}
