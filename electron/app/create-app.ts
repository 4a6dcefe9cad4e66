import { readFile } from "node:fs/promises";
import path from "node:path";
import { createHousePlanner, createLanguageModelPlanner, loadPlannerPrompts } from "../agents/index.js";
import { fail, ok, type Clock, type LlamaHost, type Models, type Planner, type Result, type Task } from "../contract/index.js";
import { createData, inspectDataset } from "../data/index.js";
import { createEvaluator } from "../evaluate/index.js";
import { createArbiter } from "../hardware/index.js";
import { createLlamaHost, createModels, type StartWorker } from "../models/index.js";
import { failureOfIo, openSettings } from "../store/index.js";
import { createTrainClient, type TrainClient } from "../train/index.js";
import { writeCrashLog } from "./crash-log.js";
import { deferLlama } from "./deferred-llama.js";
import { createMachine, type Machine } from "./machine.js";
import { createModelList } from "./model-list.js";
import { electronBinary, findPlaces, type Places } from "./places.js";
import { createPushHub, type PushHub } from "./push-hub.js";
import { createRouter, type Router } from "./router.js";
import { createRunManager, type RunManager } from "./runs/manager.js";
import { makeTask, readTaskFile } from "./task-file.js";

export interface AppOptions {
  readonly home?: string;
  readonly resourcesPath?: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Electron hands in its own way of starting the llama worker. */
  readonly startWorker?: StartWorker;
}

/** The services, built once. Whoever makes an app ends it with `dispose`. */
export interface App {
  readonly places: Places;
  readonly machine: Machine;
  readonly train: TrainClient;
  readonly llama: LlamaHost;
  readonly models: Models;
  readonly runs: RunManager;
  readonly push: PushHub;
  readonly router: Router;
  makePlanner(task: Pick<Task, "planner" | "agentModel">): Promise<Result<Planner>>;
  demoTask(): Promise<Result<Task>>;
  /** Writes a bug to the log; gives the log's path. */
  readonly reportBug: (error: unknown) => string;
  dispose(): Promise<void>;
}

export function createApp(options: AppOptions): App {
  const places = findPlaces(options);
  const clock: Clock = { now: () => performance.now(), date: () => new Date() };
  const push = createPushHub();
  const closing = new AbortController();
  const reportBug = (error: unknown): string => writeCrashLog(places.logs, error);

  const train = createTrainClient({ binaryPath: places.trainer });
  const llama = deferLlama(async () => {
    const { backends } = await machine.decided();
    return createLlamaHost({ gpu: backends.agent.use === "cpu" ? "off" : "auto", ...(options.startWorker === undefined ? {} : { startWorker: options.startWorker }) });
  });
  const arbiter = createArbiter({ beforeTrainer: async () => { await llama.release(); } });
  const machine = createMachine({
    home: places.home, environment: options.environment, trainerAnswer: async () => await train.devices(closing.signal),
    electronBinary: () => electronBinary(places, options.environment), holder: arbiter.holder,
    trainerPids: train.runningPids, llamaBytes: async () => await llama.memoryBytes(),
  });
  const models = createModels({ trainerInfo: train.info });
  const listModels = createModelList(train);

  const makePlanner: App["makePlanner"] = async (task) => {
    const house = createHousePlanner();
    if (task.planner === "house") return ok(house);
    if (task.agentModel === undefined) return fail("CONFIG", "task.no_agent_model", "The language-model planner needs a model to think with, and none is named.", "Add --agent-model FILE.gguf, or use --planner house.");
    const prompts = await loadPlannerPrompts(places.prompts);
    if (!prompts.ok) return prompts;
    return ok(createLanguageModelPlanner({ llama, modelPath: task.agentModel, house, prompts: prompts.value }));
  };

  const runs = createRunManager(places.home, {
    appVersion: places.version, clock, models, data: createData({ llama }), trainer: train.trainer, evaluator: createEvaluator({ llama, scorer: train.scorer }),
    arbiter, holder: arbiter.holder, makePlanner, makeInstruments: machine.instruments, releaseMemory: async () => { await llama.release(); },
    onBug: async (error) => reportBug(error),
  }, push.send);

  const demoTask = async (): Promise<Result<Task>> => await readTaskFile(path.join(places.demo, "task.yaml"));
  const nothing = async (result: Promise<Result<unknown>>): Promise<Result<Record<string, never>>> => {
    const settled = await result;
    return settled.ok ? ok({}) : settled;
  };

  const router = createRouter({
    "runs.list": async () => {
      const list = await runs.list();
      return list.ok ? ok([...list.value]) : list;
    },
    "runs.get": async ({ runId }) => await runs.view(runId),
    "runs.start": async ({ task }) => {
      // The page has no folder of its own: paths it sends are absolute, or relative to the user's home of runs.
      const checked = makeTask(task, places.home, "the form");
      return checked.ok ? await runs.start(checked.value) : checked;
    },
    "runs.pause": async ({ runId }) => await nothing(runs.pause(runId)),
    "runs.resume": async ({ runId }) => await nothing(runs.resume(runId)),
    "runs.stop": async ({ runId }) => await nothing(runs.stop(runId)),
    "runs.report": async ({ runId }) => await readReport(runs, runId),
    "runs.memory": async ({ runId }) => {
      const samples = await runs.memory(runId);
      return samples.ok ? ok([...samples.value]) : samples;
    },
    "models.list": async () => {
      const settings = await openSettings(places.home);
      return ok([...(await listModels(settings.ok ? settings.value.get().modelFolders : [], closing.signal))]);
    },
    "data.inspect": async ({ path: file }) => {
      const inspected = await inspectDataset(file, closing.signal);
      return inspected.ok ? ok({ report: inspected.value.report, preview: inspected.value.preview.map((messages) => [...messages]) }) : inspected;
    },
    "host.doctor": async () => ok(await machine.doctor()),
    "host.demo": async () => {
      const task = await demoTask();
      return task.ok ? ok({ task: task.value }) : task;
    },
  }, reportBug);

  return {
    places, machine, train, llama, models, runs, push, router, makePlanner, demoTask, reportBug,
    async dispose() {
      closing.abort();
      await runs.dispose();
      await llama.release();
    },
  };
}

async function readReport(runs: RunManager, runId: string): Promise<Result<{ html: string }>> {
  const view = await runs.view(runId);
  if (!view.ok) return view;
  const directory = runs.directory(runId);
  if (!directory.ok) return directory;
  if (view.value.delivery === null) return fail("CONFIG", "report.not_yet", "This run has no report yet.", "It is written when the run is finished.");
  const file = path.join(directory.value, "report.html");
  try {
    return ok({ html: await readFile(file, "utf8") });
  } catch (error) {
    return { ok: false, error: failureOfIo(error, `Cannot read ${file}`) };
  }
}
