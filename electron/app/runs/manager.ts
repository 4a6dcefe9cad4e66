import { fail, ok, type MemorySample, type Result, type RunSummary, type RunView, type SteeringAction, type Task } from "../../contract/index.js";
import { foldRun, steerAtRest, summarizeRun, type Session } from "../../session/index.js";
import { createRunFolder, newRunId, openJournal, runPaths, writeFileAtomic, type Journal } from "../../store/index.js";
import type { PushMessage } from "../push-hub.js";
import { checkTaskFiles } from "../task-file.js";
import { createArchive } from "./archive.js";
import { coalesce } from "./coalesce.js";
import { MemoryHistory, readMemoryHistory } from "./memory-history.js";
import { watchOtherRuns } from "./watch-others.js";
import { workOnRun, type RunServices } from "./work.js";

export interface RunManager {
  /** Makes the run's folder and journal, and queues it. Nothing is made when the task's files are not there. */
  start(task: Task): Promise<Result<{ readonly runId: string }>>;
  /** Queues a run that rests, to go on where its journal ends. */
  resume(runId: string): Promise<Result<void>>;
  /** Ends the stage at hand; resume goes on from the last finished node. */
  pause(runId: string): Promise<Result<void>>;
  /** Ends the run with what it has; it can still be resumed. */
  stop(runId: string): Promise<Result<void>>;
  /** Takes a user's action into the run's journal, working or at rest. Refused with a sentence when it makes no sense. */
  steer(runId: string, action: SteeringAction): Promise<Result<void>>;
  view(runId: string): Promise<Result<RunView>>;
  list(): Promise<Result<readonly RunSummary[]>>;
  directory(runId: string): Result<string>;
  memory(runId: string): Promise<Result<readonly MemorySample[]>>;
  /** Settles when this process no longer works on the run; for the command line. */
  settled(runId: string): Promise<Result<RunView>>;
  /** Whether any run works or waits here; told at every change. */
  watchBusy(listener: (busy: boolean) => void): () => void;
  /** Pushes the changes of runs that other processes work on, until what it returns is called. */
  watchOthers(): () => void;
  /** Interrupts everything and waits until the journals are closed. */
  dispose(): Promise<void>;
}

interface Entry {
  readonly runId: string;
  readonly directory: string;
  readonly journal: Journal;
  readonly interrupt: AbortController;
  readonly memory: MemoryHistory;
  session: Session | null;
  settled: Promise<Result<RunView>>;
}

/** Screens get a run's state at most this often; the journal gets everything. */
const viewIntervalMs = 200;
const progressIntervalMs = 150;

/** One run works at a time, the others wait in order: one card, one trainer. */
export function createRunManager(home: string, services: RunServices, push: (message: PushMessage) => void): RunManager {
  const archive = createArchive(home);
  const entries = new Map<string, Entry>();
  const busyListeners = new Set<(busy: boolean) => void>();
  let lastInLine: Promise<unknown> = Promise.resolve();
  let disposed = false;

  const tellBusy = (): void => { for (const listener of busyListeners) listener(entries.size > 0); };

  const work = async (entry: Entry): Promise<Result<RunView>> => {
    const changed = coalesce<RunView>(viewIntervalMs, (view) => push({ type: "run", view }));
    const progressed = coalesce<Extract<PushMessage, { type: "progress" }>>(progressIntervalMs, push);
    try {
      if (entry.interrupt.signal.aborted) return ok(foldRun(entry.journal.records()));
      return await workOnRun(entry, services, {
        onSession: (session) => { entry.session = session; },
        onChange: (view) => changed.push(view),
        onProgress: (progress) => progressed.push({ type: "progress", ...progress }),
        onMemory(sample) {
          entry.memory.add(sample);
          push({ type: "memory", runId: entry.runId, sample });
        },
      }, entry.interrupt.signal);
    } finally {
      progressed.flush();
      changed.flush();
      await entry.memory.flush();
      await entry.journal.close();
      entries.delete(entry.runId);
      const rested = await archive.view(entry.runId);
      if (rested.ok) push({ type: "run", view: rested.value });
      push({ type: "runs-changed" });
      tellBusy();
    }
  };

  const enqueue = (runId: string, directory: string, journal: Journal): Entry => {
    const entry: Entry = {
      runId, directory, journal, interrupt: new AbortController(), memory: new MemoryHistory(MemoryHistory.fileOf(directory)),
      session: null, settled: Promise.resolve(fail("INTERNAL", "run.not_started", "The run was not started.")),
    };
    entry.settled = lastInLine.then(() => work(entry));
    lastInLine = entry.settled.catch(() => undefined);
    entries.set(runId, entry);
    push({ type: "runs-changed" });
    tellBusy();
    return entry;
  };

  const ask = async (runId: string, what: "requestPause" | "requestStop"): Promise<Result<void>> => {
    const entry = entries.get(runId);
    if (entry === undefined) {
      const view = await archive.view(runId);
      return view.ok ? fail("CONFIG", "run.not_working", `Run ${runId} is not working here just now (${view.value.status}).`, "There is nothing to pause or stop.") : view;
    }
    // A run that still waits in line has nothing to finish: it leaves the line and can be resumed.
    if (entry.session === null) entry.interrupt.abort();
    else entry.session[what]();
    return ok(undefined);
  };

  return {
    async start(task) {
      if (disposed) return closing();
      const files = await checkTaskFiles(task);
      if (!files.ok) return files;
      const runId = newRunId(services.clock.date());
      const folder = await createRunFolder(home, runId);
      if (!folder.ok) return folder;
      const written = await writeFileAtomic(folder.value.task, `${JSON.stringify(task, null, 2)}\n`);
      if (!written.ok) return written;
      const journal = await openJournal(folder.value.journal);
      if (!journal.ok) return journal;
      const created = await journal.value.append({ type: "run-created", runId, task, appVersion: services.appVersion }, { durable: true });
      if (!created.ok) {
        await journal.value.close();
        return created;
      }
      enqueue(runId, folder.value.directory, journal.value);
      return ok({ runId });
    },
    async resume(runId) {
      if (disposed) return closing();
      if (entries.has(runId)) return fail("CONFIG", "run.working", `Run ${runId} is working already.`);
      const view = await archive.view(runId);
      if (!view.ok) return view;
      if (view.value.status === "done") return fail("CONFIG", "run.done", `Run ${runId} is finished; there is nothing to resume.`, `trex show ${runId} shows it.`);
      const paths = runPaths(home, runId);
      const journal = await openJournal(paths.journal);
      if (!journal.ok) return journal;
      const { repair } = journal.value;
      if (repair !== null) {
        const noted = await journal.value.append({ type: "warning", message: `The journal's end was torn (${repair.bytes} bytes, kept as ${repair.keptAs}); the work after its last good record is done again.` }, { durable: true });
        if (!noted.ok) {
          await journal.value.close();
          return noted;
        }
      }
      enqueue(runId, paths.directory, journal.value);
      return ok(undefined);
    },
    async steer(runId, action) {
      const entry = entries.get(runId);
      if (entry !== undefined) return entry.session === null ? await steerAtRest(entry.journal, action) : await entry.session.steer(action);
      if (disposed) return closing();
      const view = await archive.view(runId);
      if (!view.ok) return view;
      // The lock that comes with the journal keeps this from writing beside a process that works on the run.
      const journal = await openJournal(runPaths(home, runId).journal);
      if (!journal.ok) return journal;
      try {
        const done = await steerAtRest(journal.value, action);
        if (!done.ok) return done;
      } finally {
        await journal.value.close();
      }
      const rested = await archive.view(runId);
      if (rested.ok) push({ type: "run", view: rested.value });
      return ok(undefined);
    },
    pause: (runId) => ask(runId, "requestPause"),
    stop: (runId) => ask(runId, "requestStop"),
    async view(runId) {
      const entry = entries.get(runId);
      if (entry === undefined) return await archive.view(runId);
      return ok(entry.session?.view() ?? foldRun(entry.journal.records()));
    },
    async list() {
      const stored = await archive.list();
      if (!stored.ok) return stored;
      return ok(stored.value.map((summary) => {
        const session = entries.get(summary.runId)?.session;
        return session == null ? summary : summarizeRun(session.view());
      }));
    },
    directory: archive.directory,
    async memory(runId) {
      const entry = entries.get(runId);
      if (entry !== undefined) return ok(entry.memory.list());
      const directory = archive.directory(runId);
      return directory.ok ? ok(await readMemoryHistory(directory.value)) : directory;
    },
    settled: async (runId) => await (entries.get(runId)?.settled ?? archive.view(runId)),
    watchBusy(listener) {
      busyListeners.add(listener);
      listener(entries.size > 0);
      return () => void busyListeners.delete(listener);
    },
    watchOthers: () => watchOtherRuns({ home, archive, isOwn: (runId) => entries.has(runId), push }),
    async dispose() {
      disposed = true;
      const working = [...entries.values()];
      for (const entry of working) entry.interrupt.abort();
      await Promise.allSettled(working.map((entry) => entry.settled));
    },
  };
}

function closing(): Result<never> {
  return fail("CANCELLED", "app.closing", "The app is closing; nothing new is started.");
}
