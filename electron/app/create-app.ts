import path from "node:path";
import { createHousePlanner, createLanguageModelPlanner, insightCards, loadPlannerPrompts } from "../agents/index.js";
import { fail, ok, type Clock, type LlamaHost, type Models, type Planner, type Result, type Task } from "../contract/index.js";
import { createData } from "../data/index.js";
import { createEvaluator } from "../evaluate/index.js";
import { createArbiter } from "../hardware/index.js";
import { createFileHasher, createLlamaHost, createModels, type StartWorker } from "../models/index.js";
import { failureOfIo } from "../store/index.js";
import { createTrainClient, type TrainClient } from "../train/index.js";
import { agentContext } from "./agent-context.js";
import { writeCrashLog } from "./crash-log.js";
import { deferLlama } from "./deferred-llama.js";
import { createHandlers } from "./handlers.js";
import { createKnowledgeServices, type KnowledgeServices } from "./knowledge.js";
import { createMachine, type Machine } from "./machine.js";
import { createOpenSettings, type OpenSettings } from "./open-settings.js";
import { electronBinary, findPlaces, type Places } from "./places.js";
import { createPushHub, type PushHub } from "./push-hub.js";
import { createRouter, type Router } from "./router.js";
import { createRunManager, type RunManager } from "./runs/manager.js";
import { readTaskFile } from "./task-file.js";

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
  readonly settings: OpenSettings;
  readonly knowledge: KnowledgeServices;
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
  const house = createHousePlanner();
  const settings = createOpenSettings(places.home);
  const hash = createFileHasher();
  const knowledge = createKnowledgeServices({
    places, clock, llama, settings, lease: async (signal) => await arbiter.lease("agent", signal),
    async hashOf(file, signal) {
      try {
        return ok(await hash(file, signal));
      } catch (error) {
        return { ok: false, error: failureOfIo(error, `Cannot read ${file}`) };
      }
    },
    ...(options.startWorker === undefined ? {} : { startWorker: options.startWorker }),
  });

  const makePlanner: App["makePlanner"] = async (task) => {
    if (task.planner === "house") return ok(house);
    if (task.agentModel === undefined) return fail("CONFIG", "task.no_agent_model", "The language-model planner needs a model to think with, and none is named.", "Add --agent-model FILE.gguf, or use --planner house.");
    const prompts = await loadPlannerPrompts(places.prompts);
    if (!prompts.ok) return prompts;
    const context = await agentContext(models, task.agentModel, closing.signal);
    if (!context.ok) return context;
    return ok(createLanguageModelPlanner({ llama, modelPath: task.agentModel, house, prompts: prompts.value, limits: { contextTokens: context.value } }));
  };

  const runs = createRunManager(places.home, {
    appVersion: places.version, clock, models, data: createData({ llama }), trainer: train.trainer, evaluator: createEvaluator({ llama, scorer: train.scorer }),
    arbiter, housePlanner: house, knowledge: knowledge.knowledge, insightCards, holder: arbiter.holder, makePlanner, makeInstruments: machine.instruments, releaseMemory: async () => { await llama.release(); },
    onBug: async (error) => reportBug(error),
  }, push.send);

  const demoTask = async (): Promise<Result<Task>> => await readTaskFile(path.join(places.demo, "task.yaml"));
  const router = createRouter(createHandlers({ places, environment: options.environment, clock, train, llama, models, machine, runs, settings, knowledge, demoTask, closing: closing.signal }), reportBug);

  return {
    places, machine, train, llama, models, runs, settings, knowledge, push, router, makePlanner, demoTask, reportBug,
    async dispose() {
      closing.abort();
      await runs.dispose();
      knowledge.dispose();
      await llama.release();
    },
  };
}
