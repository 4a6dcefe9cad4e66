import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { fail, ok, type Result } from "../../contract/index.js";
import { failureOfIo } from "../../store/index.js";
import { documentEndings, documentKindOf } from "../readers/document-kind.js";

const mostFiles = 2000;
const mostDepth = 8;

/** The file itself, or a folder's documents in the order of their names. Hidden folders and links are not followed. */
export async function findDocuments(given: string): Promise<Result<readonly string[]>> {
  const start = path.resolve(given);
  try {
    const facts = await stat(start);
    if (facts.isFile()) {
      if (documentKindOf(start) !== null) return ok([start]);
      return fail("CONFIG", "library.unknown_kind", `${path.basename(start)} is not a kind of document that the library reads.`, `It reads ${documentEndings.join(" ")}. Data sets are chosen with the task instead.`);
    }
    if (!facts.isDirectory()) return fail("CONFIG", "library.not_a_file", `${given} is neither a file nor a folder.`, "Check the path.");
    const found: string[] = [];
    await walk(start, 0, found);
    if (found.length === 0) return fail("CONFIG", "library.empty_folder", `There is no document in ${given}.`, `The library reads ${documentEndings.join(" ")}.`);
    if (found.length > mostFiles) return fail("CONFIG", "library.too_many", `There are more than ${mostFiles} documents in ${given}.`, "Add its folders one by one.");
    return ok(found);
  } catch (error) {
    return { ok: false, error: failureOfIo(error, `Cannot read ${given}`) };
  }
}

async function walk(folder: string, depth: number, found: string[]): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((first, second) => (first.name < second.name ? -1 : 1));
  for (const entry of entries) {
    if (found.length > mostFiles) return;
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory() && depth < mostDepth) await walk(full, depth + 1, found);
    if (entry.isFile() && documentKindOf(full) !== null) found.push(full);
  }
}
