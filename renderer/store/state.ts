import type { ChannelResponse, DoctorReport, LibraryView, MemorySample, RunSummary, RunView, SettingsView } from "../contract.js";
import type { ConnectionState } from "../api/connection.js";
import type { Loadable, Problem } from "./loadable.js";

export type ModelChoice = ChannelResponse<"models.list">[number];
export type DataPreview = ChannelResponse<"data.inspect">;

export interface NodeProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly loss: number | null;
  readonly tokensPerSecond: number | null;
}

/** A view and when it arrived, by the page's own clock: what is spent between two pushes can then be shown running. */
export interface ReceivedView {
  readonly view: RunView;
  readonly receivedAtMs: number;
}

export type CommandName = "pause" | "resume" | "stop";
export type CommandState = { readonly state: "busy" } | { readonly state: "failed"; readonly error: Problem };

export interface AppData {
  readonly connection: ConnectionState;
  /** Sequence of the last push taken in; null before the first one and after the line was lost. */
  readonly lastSequence: number | null;
  readonly runs: Loadable<readonly RunSummary[]>;
  readonly openRunId: string | null;
  readonly views: Readonly<Record<string, Loadable<ReceivedView>>>;
  readonly progress: Readonly<Record<string, Readonly<Record<string, NodeProgress>>>>;
  readonly memory: Readonly<Record<string, readonly MemorySample[]>>;
  readonly commands: Readonly<Record<string, CommandState>>;
  readonly doctor: Loadable<DoctorReport>;
  readonly models: Loadable<readonly ModelChoice[]>;
  readonly reports: Readonly<Record<string, Loadable<string>>>;
  readonly library: Loadable<LibraryView>;
  readonly settings: Loadable<SettingsView>;
}

export const commandKey = (command: CommandName, runId: string): string => `${command}:${runId}`;
