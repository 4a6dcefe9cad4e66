import { Worker } from "node:worker_threads";
import { judgeProblem, type JudgedRun, type PolicyFactory, type Scenario } from "../../tree/index.js";

export interface BenchTask {
  readonly family: string;
  readonly seed: number;
}
export interface WorkerInput {
  readonly scenario: Scenario;
  readonly policies: readonly string[];
}

/** Every problem in this thread, one after the other. Stops between problems when the signal aborts. */
export async function judgeHere(request: { readonly scenario: Scenario; readonly tasks: readonly BenchTask[]; readonly policies: readonly PolicyFactory[]; readonly signal: AbortSignal; readonly onDone: (done: number) => void }): Promise<JudgedRun[]> {
  const runs: JudgedRun[] = [];
  for (const [index, task] of request.tasks.entries()) {
    if (request.signal.aborted) break;
    const family = request.scenario.families.find((each) => each.name === task.family);
    if (family !== undefined) runs.push(...(await judgeProblem({ scenario: request.scenario, family, seed: task.seed, policies: request.policies })));
    request.onDone(index + 1);
    // Lets an interruption through: a problem takes about a second of this thread.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return runs;
}

/** The same on several threads; the answer does not depend on how many. Rejects when a thread fails. */
export async function judgeInThreads(request: { readonly input: WorkerInput; readonly tasks: readonly BenchTask[]; readonly jobs: number; readonly signal: AbortSignal; readonly onDone: (done: number) => void }): Promise<JudgedRun[]> {
  const results = new Map<number, JudgedRun[]>();
  let next = 0;
  const thread = async (): Promise<void> => {
    const worker = new Worker(new URL("./bench-search-worker.js", import.meta.url), { workerData: request.input });
    try {
      await new Promise<void>((resolve, reject) => {
        let current = -1;
        const give = (): void => {
          const task = request.signal.aborted ? undefined : request.tasks[next];
          if (task === undefined) {
            resolve();
            return;
          }
          current = next;
          next += 1;
          worker.postMessage(task);
        };
        worker.on("message", (runs: JudgedRun[]) => {
          results.set(current, runs);
          request.onDone(results.size);
          give();
        });
        worker.on("error", reject);
        give();
      });
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(request.jobs, request.tasks.length) }, thread));
  return [...results].sort(([left], [right]) => left - right).flatMap(([, runs]) => runs);
}
