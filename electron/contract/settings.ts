import { z } from "zod";

/** What the page may see and change of `settings.json`. */
export const settingsViewSchema = z.object({
  /** True: zero sockets, whatever is asked. */
  offline: z.boolean(),
  modelFolders: z.array(z.string()),
  /** Folders searched for data sets. */
  dataFolders: z.array(z.string()),
  /** A GGUF used to search the library by meaning; null: by words only. */
  embeddingModelPath: z.string().nullable(),
  planner: z.enum(["house", "language-model"]),
  agentModelPath: z.string().nullable(),
  /** What runs teach is kept as cards unless a task says otherwise. */
  keepInsights: z.boolean(),
  tariffPerKilowattHour: z.number().positive().nullable(),
  threads: z.number().int().nonnegative(),
  theme: z.enum(["system", "light", "dark"]),
});
export type SettingsView = z.infer<typeof settingsViewSchema>;
