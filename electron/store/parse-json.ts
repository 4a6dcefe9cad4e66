import { fail, ok, type Result } from "../contract/index.js";
import type { z } from "zod";

/**
 * JSON text that came from outside, checked by a schema. A `__proto__` key is refused: it parses as an ordinary key that
 * later copying would turn into a changed prototype. Too deep a nesting is an ordinary failure, not a crash.
 * @param what names the text in a sentence: "settings.json" or "row 17 of train.jsonl"
 */
export function parseJson<Schema extends z.ZodType>(text: string, schema: Schema, what: string): Result<z.output<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
    // A unicode escape can spell the key too, so any such escape sends the text through the walk.
    if ((text.includes("__proto__") || text.includes("\\u")) && hasPrototypeKey(value)) {
      return fail("DATA", "json.prototype_key", `${what} has a field named "__proto__", which is not accepted.`, "Remove or rename the field.");
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return ok(parsed.data);
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.map(String).join(".").slice(0, 100)}`;
    return fail("CONFIG", "json.wrong_shape", `${what} is not what was expected${where}: ${issue?.message ?? "unknown problem"}.`, "Correct the file.");
  } catch (error) {
    if (error instanceof RangeError) return fail("DATA", "json.too_deep", `${what} is nested too deeply to be read.`, "Flatten the data.");
    if (error instanceof SyntaxError) return fail("DATA", "json.not_json", `${what} is not valid JSON: ${error.message.slice(0, 200)}.`, "Correct the file.");
    throw error;
  }
}

function hasPrototypeKey(root: unknown): boolean {
  const open: unknown[] = [root];
  for (let value = open.pop(); open.length > 0 || value !== undefined; value = open.pop()) {
    if (value === null || typeof value !== "object") continue;
    if (Object.hasOwn(value, "__proto__")) return true;
    for (const inner of Object.values(value)) if (inner !== null && typeof inner === "object") open.push(inner);
  }
  return false;
}
