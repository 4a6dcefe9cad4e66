import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { err, ok } from "../contract/index.js";
import { failureOfIo, readJsonLines, writeFileAtomic } from "../store/index.js";
import type { SessionFiles } from "./dependencies.js";

const itemSchema = z.object({ id: z.string(), score: z.number(), answer: z.string() });
/** The evaluator begins its file with a line that says what was evaluated. */
const headerSchema = z.object({ evaluation: z.string() });

/** The run's own reads and writes on the real file system. */
export function createSessionFiles(): SessionFiles {
  return {
    async sha256(file) {
      const hash = createHash("sha256");
      try {
        await pipeline(createReadStream(file), hash);
        return ok(hash.digest("hex"));
      } catch (error) {
        const failure = failureOfIo(error, `Cannot read ${path.basename(file)}`);
        // A file of this run that is gone is the machine's doing, not the task's.
        return err({ ...failure, class: "ENV" });
      }
    },
    exists: (file) => access(file).then(() => true, () => false),
    async readItems(file) {
      const lines = await readJsonLines(file, z.union([itemSchema, headerSchema]));
      return lines.ok ? ok(lines.value.flatMap((line) => ("id" in line ? [line] : []))) : lines;
    },
    async writeRecipe(file, recipe) {
      try {
        await mkdir(path.dirname(file), { recursive: true });
      } catch (error) {
        return err(failureOfIo(error, "Cannot write the recipe"));
      }
      return writeFileAtomic(file, `${JSON.stringify(recipe, null, 2)}\n`);
    },
  };
}
