import { err, fail, ok, type Clock, type EnergyMeter, type Holder, type MemorySample, type Planner, type Result, type RunView, type Task } from "../../contract/index.js";
import { writeReport } from "../../deliver/index.js";
import { createSession, createSessionFiles, type LiveProgress, type Session, type SessionDependencies } from "../../session/index.js";
import type { Journal } from "../../store/index.js";

/** What a run's work needs of the machine while it lasts. */
export interface Instruments {
  readonly energy: EnergyMeter;
  subscribeMemory(listener: (sample: MemorySample) => void): () => void;
  dispose(): void;
}

/** The services a session is built on; the composition root makes them once. */
export interface RunServices extends Pick<SessionDependencies, "models" | "data" | "trainer" | "evaluator" | "arbiter" | "housePlanner" | "knowledge" | "insightCards"> {
  readonly appVersion: string;
  readonly clock: Clock;
  readonly holder: () => Holder;
  makePlanner(task: Task): Promise<Result<Planner>>;
  makeInstruments(): Promise<Instruments>;
  /** Ends the llama worker; a run that rests holds no memory. */
  releaseMemory(): Promise<void>;
  /** Writes a bug to the log and names the file. */
  onBug(error: unknown): Promise<string>;
}

export interface RunObserver {
  readonly onSession: (session: Session) => void;
  readonly onChange: (view: RunView) => void;
  readonly onProgress: (progress: LiveProgress) => void;
  readonly onMemory: (sample: MemorySample) => void;
}

/** Works on one run until it rests: done, paused, stopped, failed, or interrupted by `signal`. The journal is the caller's. */
export async function workOnRun(
  run: { readonly runId: string; readonly directory: string; readonly journal: Journal },
  services: RunServices, observer: RunObserver, signal: AbortSignal,
): Promise<Result<RunView>> {
  const task = taskIn(run.journal);
  if (task === null) return fail("DATA", "run.no_task", `The journal of run ${run.runId} does not say what it is about.`, "Start a new run with the same task file.");
  const planner = await services.makePlanner(task);
  if (!planner.ok) return planner;
  const instruments = await services.makeInstruments();
  const stopMemory = instruments.subscribeMemory(observer.onMemory);
  try {
    const session = createSession({
      runId: run.runId, runDirectory: run.directory, task, appVersion: services.appVersion, journal: run.journal,
      files: createSessionFiles(), models: services.models, data: services.data, trainer: services.trainer, evaluator: services.evaluator,
      planner: planner.value, housePlanner: services.housePlanner, knowledge: services.knowledge, insightCards: services.insightCards, arbiter: services.arbiter, energy: instruments.energy, clock: services.clock,
      writeReport: (view, path) => writeReport(view, path, run.journal.records()),
      onChange: observer.onChange, onProgress: observer.onProgress,
    });
    observer.onSession(session);
    return ok(await session.run(signal));
  } catch (error) {
    const log = await services.onBug(error);
    return err({ class: "INTERNAL", code: "run.bug", message: `Something went wrong in run ${run.runId} that should not. Everything finished is in its journal.`, hint: `The details are in ${log}. Resume the run to try again.` });
  } finally {
    stopMemory();
    instruments.dispose();
    await planner.value.dispose();
    await services.releaseMemory();
  }
}

export function taskIn(journal: Pick<Journal, "records">): Task | null {
  for (const { event } of journal.records()) if (event.type === "run-created") return event.task;
  return null;
}
