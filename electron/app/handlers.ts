import { readFile } from "node:fs/promises";
import path from "node:path";
import { fail, ok, type Clock, type LlamaHost, type Models, type Result, type Task } from "../contract/index.js";
import { inspectDataset } from "../data/index.js";
import { failureOfIo } from "../store/index.js";
import type { TrainClient } from "../train/index.js";
import { analyseTask } from "./analyse-task.js";
import { discoverData } from "./discover-data.js";
import type { KnowledgeServices } from "./knowledge.js";
import type { Machine } from "./machine.js";
import { createModelList } from "./model-list.js";
import type { OpenSettings } from "./open-settings.js";
import type { Places } from "./places.js";
import type { Handlers } from "./router.js";
import type { RunManager } from "./runs/manager.js";
import { makeTask } from "./task-file.js";

export interface HandlerServices {
  readonly places: Places;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly train: TrainClient;
  readonly llama: LlamaHost;
  readonly models: Models;
  readonly machine: Machine;
  readonly runs: RunManager;
  readonly settings: OpenSettings;
  readonly knowledge: KnowledgeServices;
  readonly demoTask: () => Promise<Result<Task>>;
  /** Aborts when the app closes. */
  readonly closing: AbortSignal;
}

/** What each channel of the contract does. No logic beyond calling the service that has it. */
export function createHandlers(services: HandlerServices): Handlers {
  const { places, runs, settings, knowledge, closing } = services;
  const listModels = createModelList(services.train);
  return {
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
    "runs.steer": async ({ runId, action }) => await nothing(runs.steer(runId, action)),
    "runs.report": async ({ runId }) => await readReport(runs, runId),
    "runs.memory": async ({ runId }) => {
      const samples = await runs.memory(runId);
      return samples.ok ? ok([...samples.value]) : samples;
    },
    "task.analyse": async (request) => await analyseTask({ models: services.models, llama: services.llama, promptsDirectory: places.prompts, settings: await settings.data() }, request, places.home, closing),
    "library.view": async () => await knowledge.library.view(closing),
    "library.add": async ({ path: file }) => await knowledge.library.add(path.resolve(file), closing),
    "library.remove": async ({ documentId }) => await knowledge.library.remove(documentId, closing),
    "library.search": async ({ query, most }) => await knowledge.library.search(query, most, closing),
    "library.online": async ({ source, query }) => {
      await settings.data();
      const found = await knowledge.online.search(source, query, closing);
      return found.ok ? ok([...found.value]) : found;
    },
    "data.discover": async (request) => {
      const { dataFolders } = await settings.data();
      return await discoverData({ runs, online: knowledge.online, home: places.home, environment: services.environment, settings: { dataFolders, isOffline: () => settings.isOffline() } }, request, closing);
    },
    "settings.get": async () => await settings.view(),
    "settings.update": async ({ change }) => await settings.update(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))),
    "models.list": async () => ok([...(await listModels((await settings.data()).modelFolders, closing))]),
    "data.inspect": async ({ path: file }) => {
      const inspected = await inspectDataset(file, closing);
      return inspected.ok ? ok({ report: inspected.value.report, preview: inspected.value.preview.map((messages) => [...messages]) }) : inspected;
    },
    "host.doctor": async () => ok(await services.machine.doctor()),
    "host.demo": async () => {
      const task = await services.demoTask();
      return task.ok ? ok({ task: task.value }) : task;
    },
  };
}

async function nothing(result: Promise<Result<unknown>>): Promise<Result<Record<string, never>>> {
  const settled = await result;
  return settled.ok ? ok({}) : settled;
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
