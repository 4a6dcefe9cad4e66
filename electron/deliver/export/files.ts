import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { err, fail, ok, type Result } from "../../contract/index.js";
import { failureOfIo } from "../../store/index.js";

export const createFolder = (folder: string): Promise<Result<string | undefined>> => attempt(`Cannot create ${folder}`, () => mkdir(folder, { recursive: true }));

export async function mustBeFree(target: string): Promise<Result<void>> {
  const names = await attempt(`Cannot read ${path.dirname(target)}`, () => readdir(path.dirname(target)));
  if (!names.ok) return names;
  return names.value.includes(path.basename(target)) ? fail("CONFIG", "export.exists", `${target} is there already and was left as it is.`, "Choose another folder, or remove the file first.") : ok(undefined);
}

export async function sha256Of(file: string): Promise<Result<string>> {
  const hash = createHash("sha256");
  return attempt(`Cannot read ${file}`, async () => {
    await pipeline(createReadStream(file), hash);
    return hash.digest("hex");
  });
}

export async function attempt<Value>(doing: string, work: () => Promise<Value>): Promise<Result<Awaited<Value>>> {
  try {
    return ok(await work());
  } catch (error) {
    return err(failureOfIo(error, doing));
  }
}
