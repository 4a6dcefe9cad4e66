import { ok, type Result, type SettingsView } from "../contract/index.js";
import { openSettings, settingsSchema, type SettingsData } from "../store/index.js";

/** The user's settings, read anew where it matters: another window or the command line may have changed them. */
export interface OpenSettings {
  /** The defaults where the file cannot be read: offline above all. */
  data(): Promise<Readonly<SettingsData>>;
  /** As of the last look; true until somebody has looked. */
  isOffline(): boolean;
  view(): Promise<Result<SettingsView>>;
  /** Durable before it settles. */
  update(change: Partial<SettingsView>): Promise<Result<SettingsView>>;
}

export function createOpenSettings(home: string): OpenSettings {
  let offline = true;
  const look = (data: Readonly<SettingsData>): Readonly<SettingsData> => {
    offline = data.offline;
    return data;
  };
  return {
    async data() {
      const settings = await openSettings(home);
      return look(settings.ok ? settings.value.get() : settingsSchema.parse({}));
    },
    isOffline: () => offline,
    async view() {
      const settings = await openSettings(home);
      return settings.ok ? ok(viewOf(look(settings.value.get()))) : settings;
    },
    async update(change) {
      const settings = await openSettings(home);
      if (!settings.ok) return settings;
      const updated = await settings.value.update(change);
      return updated.ok ? ok(viewOf(look(updated.value))) : updated;
    },
  };
}

function viewOf({ offline, modelFolders, dataFolders, embeddingModelPath, planner, agentModelPath, keepInsights, tariffPerKilowattHour, threads, theme }: Readonly<SettingsData>): SettingsView {
  return { offline, modelFolders: [...modelFolders], dataFolders: [...dataFolders], embeddingModelPath, planner, agentModelPath, keepInsights, tariffPerKilowattHour, threads, theme };
}
