import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";
import { cardSchema, fail, ok, type Card, type Result } from "../../contract/index.js";
import { failureOfIo, nodeFileSystem } from "../../store/index.js";

/** What earlier runs taught: one card a line, only ever appended to. A line torn by a crash is passed over, the rest is kept. */
export interface Insights {
  /** Newest last; of two with one id the later. `damaged` lines stay in the file. */
  read(): Promise<Result<{ cards: readonly Card[]; damaged: number }>>;
  /** Durable before it settles: flushed to the disk, its name in the folder too. */
  append(cards: readonly Card[]): Promise<Result<void>>;
}

const mostCards = 5000;
const mostBytes = 64 * 2 ** 20;

export function createInsights(file: string): Insights {
  let queue: Promise<unknown> = Promise.resolve();

  const append = async (cards: readonly Card[]): Promise<Result<void>> => {
    const lines: string[] = [];
    for (const card of cards) {
      const checked = cardSchema.safeParse(card);
      if (!checked.success || checked.data.kind !== "insight") return fail("INTERNAL", "insights.wrong", `The insight "${card.id}" cannot be kept: it is not an insight card in the form of the library. Nothing was written.`);
      lines.push(`${JSON.stringify(checked.data)}\n`);
    }
    if (lines.length === 0) return ok(undefined);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      const handle = await open(file, "a+");
      try {
        const { size } = await handle.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await handle.read(last, 0, 1, size - 1);
        // A line that was cut off before its break would swallow the next one.
        const bytes = Buffer.from(`${size > 0 && last[0] !== 0x0a ? "\n" : ""}${lines.join("")}`);
        for (let written = 0; written < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
          if (bytesWritten === 0) throw Object.assign(new Error("the file system accepted no more bytes"), { code: "ENOSPC" });
          written += bytesWritten;
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await nodeFileSystem.syncFolder(path.dirname(file));
      return ok(undefined);
    } catch (error) {
      return { ok: false, error: failureOfIo(error, `Cannot keep what the run taught in ${file}`, "What was kept before is unchanged.") };
    }
  };

  return {
    async read() {
      let text: string;
      try {
        const bytes = await readFile(file);
        text = bytes.subarray(Math.max(0, bytes.length - mostBytes)).toString("utf8");
      } catch (error) {
        if ((error as { code?: unknown }).code === "ENOENT") return ok({ cards: [], damaged: 0 });
        return { ok: false, error: failureOfIo(error, `Cannot read ${file}`) };
      }
      const byId = new Map<string, Card>();
      let damaged = 0;
      for (const line of text.split("\n")) {
        if (line.trim() === "") continue;
        const card = cardOf(line);
        if (card === null) damaged += 1;
        else { byId.delete(card.id); byId.set(card.id, card); }
      }
      return ok({ cards: [...byId.values()].slice(-mostCards), damaged });
    },
    append(cards) {
      const mine = queue.then(() => append(cards));
      queue = mine;
      return mine;
    },
  };
}

function cardOf(line: string): Card | null {
  try {
    const parsed = cardSchema.safeParse(JSON.parse(line));
    return parsed.success && parsed.data.kind === "insight" ? parsed.data : null;
  } catch {
    return null;
  }
}
