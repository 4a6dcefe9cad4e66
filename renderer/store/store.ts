import { createStore, type StoreApi } from "zustand/vanilla";
import type { Analysis, ChannelRequest, DataProposal, LibraryView, OnlineResult, Push, SearchHit, SettingsView, SteeringAction, TaskInput } from "../contract.js";
import type { Connection } from "../api/connection.js";
import { idle, loading, settled, type Answer } from "./loadable.js";
import { applyPush, withView } from "./push.js";
import { commandKey, type AppData, type CommandName, type DataPreview } from "./state.js";

export interface AppActions {
  /** Listens to the host and loads what the first screen needs. Returns what ends it. */
  readonly start: () => () => void;
  readonly loadRuns: () => Promise<void>;
  readonly openRun: (runId: string) => Promise<void>;
  readonly closeRun: () => void;
  readonly command: (command: CommandName, runId: string) => Promise<void>;
  readonly startRun: (task: TaskInput) => Promise<Answer<{ runId: string }>>;
  readonly startDemo: () => Promise<Answer<{ runId: string }>>;
  readonly loadDoctor: () => Promise<void>;
  readonly loadModels: () => Promise<void>;
  readonly inspectData: (path: string) => Promise<Answer<DataPreview>>;
  readonly loadReport: (runId: string) => Promise<void>;
  readonly steer: (runId: string, action: SteeringAction) => Promise<Answer<object>>;
  readonly analyse: (request: ChannelRequest<"task.analyse">) => Promise<Answer<Analysis>>;
  readonly loadLibrary: () => Promise<void>;
  readonly addToLibrary: (path: string) => Promise<Answer<LibraryView>>;
  readonly removeFromLibrary: (documentId: string) => Promise<Answer<LibraryView>>;
  readonly searchLibrary: (request: ChannelRequest<"library.search">) => Promise<Answer<SearchHit[]>>;
  readonly searchOnline: (request: ChannelRequest<"library.online">) => Promise<Answer<OnlineResult[]>>;
  readonly discoverData: (request: ChannelRequest<"data.discover">) => Promise<Answer<DataProposal[]>>;
  readonly loadSettings: () => Promise<void>;
  readonly changeSettings: (change: Partial<SettingsView>) => Promise<Answer<SettingsView>>;
}

export type AppState = AppData & AppActions;
export type AppStore = StoreApi<AppState>;

const initialData: AppData = {
  connection: "connecting", lastSequence: null, runs: idle, openRunId: null,
  views: {}, progress: {}, memory: {}, commands: {}, doctor: idle, models: idle, reports: {}, library: idle, settings: idle,
};

/** The page's whole state. Components read it and call its actions; only this file speaks to the host. */
export function createAppStore(connection: Connection, now: () => number = Date.now): AppStore {
  return createStore<AppState>()((set, get) => {
    const reloadEverything = (): void => {
      void get().loadRuns();
      const open = get().openRunId;
      if (open !== null) void get().openRun(open);
    };

    /** How many views of a run were pushed: an answer asked for before the latest of them is older, and is let go. */
    const pushedViews = new Map<string, number>();

    const takePush = (push: Push): void => {
      if (push.message.type === "run") pushedViews.set(push.message.view.runId, (pushedViews.get(push.message.view.runId) ?? 0) + 1);
      const outcome = applyPush(get(), push, now());
      set(outcome.data);
      if (outcome.reload === "runs") void get().loadRuns();
      if (outcome.reload === "everything") reloadEverything();
    };

    /** A change of the library answers with the whole of it; a refused one leaves what is shown. */
    const keepLibrary = (answer: Answer<LibraryView>): Answer<LibraryView> => {
      if (answer.ok) set({ library: { state: "ready", value: answer.value } });
      return answer;
    };

    return {
      ...initialData,

      start() {
        const endWatch = connection.watchConnection((state) => {
          const before = get().connection;
          set(state === "open" ? { connection: state } : { connection: state, lastSequence: null });
          if (state === "open" && before === "lost") reloadEverything();
        });
        const endPushes = connection.subscribe(takePush);
        void get().loadRuns();
        void get().loadDoctor();
        void get().loadSettings();
        return () => {
          endPushes();
          endWatch();
        };
      },

      async loadRuns() {
        set({ runs: loading(get().runs) });
        const answer = await connection.call("runs.list", {});
        set({ runs: settled(get().runs, answer) });
      },

      async openRun(runId) {
        const pushedBefore = pushedViews.get(runId);
        set({ openRunId: runId, views: { ...get().views, [runId]: loading(get().views[runId]) } });
        const [view, memory] = await Promise.all([connection.call("runs.get", { runId }), connection.call("runs.memory", { runId })]);
        if (memory.ok) set({ memory: { ...get().memory, [runId]: memory.value } });
        if (pushedViews.get(runId) !== pushedBefore) return;
        if (view.ok) set(withView(get(), view.value, now()));
        else set({ views: { ...get().views, [runId]: settled(get().views[runId], view) } });
      },

      closeRun: () => set({ openRunId: null }),

      async command(command, runId) {
        const key = commandKey(command, runId);
        set({ commands: { ...get().commands, [key]: { state: "busy" } } });
        const answer = await connection.call(`runs.${command}`, { runId });
        const others = Object.fromEntries(Object.entries(get().commands).filter(([other]) => other !== key));
        set({ commands: answer.ok ? others : { ...others, [key]: { state: "failed", error: answer.error } } });
        if (answer.ok) await get().openRun(runId);
      },

      // The channel's request type is what the page may leave out; the host fills in the defaults.
      startRun: (task) => connection.call("runs.start", { task } satisfies ChannelRequest<"runs.start">),

      async startDemo() {
        const demo = await connection.call("host.demo", {});
        return demo.ok ? connection.call("runs.start", { task: demo.value.task }) : demo;
      },

      async loadDoctor() {
        set({ doctor: loading(get().doctor) });
        const answer = await connection.call("host.doctor", {});
        set({ doctor: settled(get().doctor, answer) });
      },

      async loadModels() {
        set({ models: loading(get().models) });
        const answer = await connection.call("models.list", {});
        set({ models: settled(get().models, answer) });
      },

      inspectData: (path) => connection.call("data.inspect", { path }),

      async loadReport(runId) {
        set({ reports: { ...get().reports, [runId]: loading(get().reports[runId]) } });
        const answer = await connection.call("runs.report", { runId });
        const html: Answer<string> = answer.ok ? { ok: true, value: answer.value.html } : answer;
        set({ reports: { ...get().reports, [runId]: settled(get().reports[runId], html) } });
      },

      async steer(runId, action) {
        const answer = await connection.call("runs.steer", { runId, action });
        if (answer.ok) await get().openRun(runId);
        return answer;
      },

      analyse: (request) => connection.call("task.analyse", request),

      async loadLibrary() {
        set({ library: loading(get().library) });
        const answer = await connection.call("library.view", {});
        set({ library: settled(get().library, answer) });
      },

      addToLibrary: async (path) => keepLibrary(await connection.call("library.add", { path })),
      removeFromLibrary: async (documentId) => keepLibrary(await connection.call("library.remove", { documentId })),
      searchLibrary: (request) => connection.call("library.search", request),
      searchOnline: (request) => connection.call("library.online", request),
      discoverData: (request) => connection.call("data.discover", request),

      async loadSettings() {
        set({ settings: loading(get().settings) });
        const answer = await connection.call("settings.get", {});
        set({ settings: settled(get().settings, answer) });
      },

      async changeSettings(change) {
        const answer = await connection.call("settings.update", { change });
        if (answer.ok) set({ settings: { state: "ready", value: answer.value } });
        return answer;
      },
    };
  });
}
