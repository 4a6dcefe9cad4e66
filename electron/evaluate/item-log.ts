import { appendFile, mkdir, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { err, ok, type Result } from "../contract/index.js";
import { failureOfIo, writeFileAtomic } from "../store/index.js";

/** What is written of each item as it is scored: an ItemScore, and the figures behind the secondary results. */
export const scoredItemSchema = z.object({
  id: z.string(),
  score: z.number(),
  answer: z.string(),
  figures: z.record(z.string(), z.number()),
});
export type ScoredItem = z.infer<typeof scoredItemSchema>;

/** Items scored so far, and how to add more. */
export interface ItemLog {
  readonly done: readonly ScoredItem[];
  append(items: readonly ScoredItem[]): Promise<Result<void>>;
}

/**
 * Opens an evaluation's file of items (JSON lines) so that it goes on where it stopped. What is being evaluated stands in a
 * file beside it: when that differs, the items are another evaluation's and are removed. A batch torn by a crash is cut off.
 * @param ids of all items, in the order in which they are scored, `batchSize` at a time
 */
export async function openItemLog(path: string, what: Readonly<Record<string, unknown>>, ids: readonly string[], batchSize: number): Promise<Result<ItemLog>> {
  const about = `${JSON.stringify(what, null, 2)}\n`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const same = (await textOf(`${path}.about.json`)) === about;
    const found = wholeBatches(same ? await textOf(path) : "", ids, batchSize);
    await appendFile(path, "", { mode: 0o600 });
    await truncate(path, found.bytes);
    // After the truncation: a crash between the two leaves an empty evaluation, never a wrong one.
    if (!same) {
      const written = await writeFileAtomic(`${path}.about.json`, about, { mode: 0o600 });
      if (!written.ok) return written;
    }
    return ok({
      done: found.items,
      async append(items) {
        try {
          await appendFile(path, items.map((item) => `${JSON.stringify(item)}\n`).join(""));
          return ok(undefined);
        } catch (error) {
          return err(failureOfIo(error, "Cannot write the scored items", "Items scored before are kept."));
        }
      },
    });
  } catch (error) {
    return err(failureOfIo(error, "Cannot open the file of scored items"));
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}

function wholeBatches(text: string, ids: readonly string[], batchSize: number): { items: ScoredItem[]; bytes: number } {
  const items: ScoredItem[] = [];
  const ends = [0];
  for (const line of text.split("\n").slice(0, -1)) {
    const item = scoredItemSchema.safeParse(parse(line));
    if (!item.success || item.data.id !== ids[items.length]) break;
    items.push(item.data);
    ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(line) + 1);
  }
  const kept = items.length === ids.length ? items.length : items.length - (items.length % batchSize);
  return { items: items.slice(0, kept), bytes: ends[kept] ?? 0 };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
