import { mkdir, rename } from "node:fs/promises";
import path from "node:path";
import { Low, type Adapter } from "lowdb";
import { z } from "zod";
import { FailureError, err, fail, ok, type Result } from "../contract/index.js";
import { writeFileAtomic } from "./atomic-file.js";
import { failureOfIo, tryIo } from "./io-failure.js";
import { readJson } from "./read-json.js";

/** `settings.json`. A field that is missing takes its default, so that an older file stays valid. */
export const settingsSchema = z.object({
  version: z.literal(1).default(1),
  /** Nothing is fetched and nothing leaves while this is true. */
  offline: z.boolean().default(true),
  /** Folders searched for GGUF files besides those of other programs. */
  modelFolders: z.array(z.string()).default([]),
  /** Folders searched for data sets. */
  dataFolders: z.array(z.string()).default([]),
  /** A GGUF used to search the library by meaning; null: by words only. */
  embeddingModelPath: z.string().nullable().default(null),
  /** What runs teach is kept as cards for later runs, unless a task says otherwise. */
  keepInsights: z.boolean().default(false),
  planner: z.enum(["house", "language-model"]).default("house"),
  agentModelPath: z.string().nullable().default(null),
  tariffPerKilowattHour: z.number().positive().nullable().default(null),
  /** 0: all physical cores. */
  threads: z.number().int().nonnegative().default(0),
  theme: z.enum(["system", "light", "dark"]).default("system"),
});
export type SettingsData = z.output<typeof settingsSchema>;

export interface Settings {
  readonly path: string;
  /** What had to be mended when the file was opened, as a sentence; null when nothing. */
  readonly warning: string | null;
  get(): Readonly<SettingsData>;
  /** Written durably before it counts; on failure the settings stay as they were. */
  update(change: Partial<Omit<SettingsData, "version">>): Promise<Result<Readonly<SettingsData>>>;
}

/** lowdb's own file adapter neither flushes nor survives two processes (reliability.md 1); this one writes as our store does. */
class DurableAdapter implements Adapter<SettingsData> {
  constructor(private readonly file: string) {}

  async read(): Promise<SettingsData | null> {
    const read = await readJson(this.file, settingsSchema);
    if (read.ok) return read.value;
    if (read.error.code === "store.not_found") return null;
    throw new FailureError(read.error);
  }

  async write(data: SettingsData): Promise<void> {
    const written = await writeFileAtomic(this.file, `${JSON.stringify(data, null, 2)}\n`);
    if (!written.ok) throw new FailureError(written.error);
  }
}

/** Opens the settings of a home folder. A damaged file is set aside, never lost, and the defaults are used with a warning. */
export async function openSettings(home: string): Promise<Result<Settings>> {
  const file = path.join(home, "settings.json");
  const database = new Low<SettingsData>(new DurableAdapter(file), settingsSchema.parse({}));
  const made = await tryIo(`Cannot create ${home}`, () => mkdir(home, { recursive: true }));
  if (!made.ok) return made;
  let warning: string | null = null;
  let refusal: Result<never> | null = null;
  try {
    await database.read();
  } catch (error) {
    const failure = failureOfIo(error, `Cannot read ${file}`);
    if (failure.class === "ENV") return err(failure);
    const newer = await readJson(file, z.object({ version: z.number().int().min(2) }));
    if (newer.ok) {
      warning = `${file} was written by a newer version; the defaults are used and the file is left alone.`;
      refusal = fail("CONFIG", "settings.newer", `${file} was written by a newer version of TREX Desktop and is not changed.`, "Update TREX Desktop.");
    } else {
      const aside = path.join(home, `settings.damaged-${Date.now()}.json`);
      const moved = await tryIo(`Cannot set ${file} aside`, () => rename(file, aside));
      if (!moved.ok) return moved;
      warning = `${failure.message} The defaults are used; the damaged file was kept as ${path.basename(aside)}.`;
    }
  }

  let queue: Promise<unknown> = Promise.resolve();
  const apply = async (change: Partial<SettingsData>): Promise<Result<Readonly<SettingsData>>> => {
    if (refusal !== null) return refusal;
    const next = settingsSchema.safeParse({ ...database.data, ...change });
    if (!next.success) return fail("CONFIG", "settings.invalid", `This setting is not valid: ${next.error.issues[0]?.message ?? "unknown problem"}.`);
    const before = database.data;
    try {
      database.data = next.data;
      await database.write();
      return ok(database.data);
    } catch (error) {
      database.data = before;
      return err(failureOfIo(error, `Cannot write ${file}`));
    }
  };
  return ok({
    path: file,
    warning,
    get: () => database.data,
    update(change) {
      const applied = queue.then(() => apply(change));
      queue = applied;
      return applied;
    },
  });
}
