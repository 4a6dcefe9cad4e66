import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fail, ok, type Result } from "../contract/index.js";
import { createModels } from "./inspect-model.js";

const info = {
  path: "", sizeBytes: 8, architecture: "qwen2", supported: true, unsupportedReason: "", name: "Tiny\u001b[31m", parameters: 10, layers: 1, contextLength: 128, vocabSize: 4,
  tokenizerModel: "gpt2", tokenizerPre: "qwen2", hasChatTemplate: true,
};
let folder = "";
let modelPath = "";
const signal = (): AbortSignal => new AbortController().signal;
const inspect = (path: string, answer: Result<unknown> = ok(info)): ReturnType<ReturnType<typeof createModels>["inspect"]> => createModels({ trainerInfo: () => Promise.resolve(answer) }).inspect(path, signal());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trex-models-"));
  modelPath = join(folder, "tiny.gguf");
  writeFileSync(modelPath, "GGUF1234");
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

describe("createModels.inspect", () => {
  it("gives facts with a clean name and the file's hash", async () => {
    const result = await inspect(modelPath);
    expect(result).toMatchObject({ ok: true, value: { architecture: "qwen2", parameters: 10, sha256: createHash("sha256").update("GGUF1234").digest("hex") } });
    if (result.ok) expect(result.value.name).not.toMatch(/\p{C}/u);
  });

  it("hashes again when the file changed", async () => {
    const models = createModels({ trainerInfo: () => Promise.resolve(ok(info)) });
    const first = await models.inspect(modelPath, signal());
    writeFileSync(modelPath, "GGUF12345");
    const second = await models.inspect(modelPath, signal());
    expect(first.ok && second.ok && first.value.sha256 !== second.value.sha256).toBe(true);
  });

  it("tells a missing file, a folder, an empty file, another format and a locked file apart, before the trainer is asked", async () => {
    const other = join(folder, "other.gguf");
    const empty = join(folder, "empty.gguf");
    const locked = join(folder, "locked.gguf");
    mkdirSync(join(folder, "dir.gguf"));
    writeFileSync(other, "PK\u0003\u0004 not a model");
    writeFileSync(empty, "");
    writeFileSync(locked, "GGUF1234");
    chmodSync(locked, 0);
    const models = createModels({ trainerInfo: () => { throw new Error("asked"); } });
    const codes = await Promise.all([join(folder, "none.gguf"), join(folder, "dir.gguf"), other, empty].map(async (path) => {
      const result = await models.inspect(path, signal());
      return result.ok ? "ok" : result.error.code;
    }));
    expect(codes).toEqual(["model.missing", "model.directory", "model.not_gguf", "model.not_gguf"]);
    // Root may read everything; the case is real for everybody else.
    if (process.getuid?.() !== 0) expect(await models.inspect(locked, signal())).toMatchObject({ ok: false, error: { code: "model.unreadable" } });
  });

  it("passes on why a model is not supported, with what would be, though its shape is not told", async () => {
    const reason = `${modelPath} cannot be trained: its architecture is "gemma9\u001b[31m", not one of ${"llama, ".repeat(30)}phi3. Choose a model of one of these families: Llama.`;
    const result = await inspect(modelPath, ok({ ...info, architecture: "gemma9", supported: false, unsupportedReason: reason, layers: null, contextLength: null, vocabSize: null }));
    if (result.ok) throw new Error("accepted");
    expect(result.error).toMatchObject({ class: "CONFIG", code: "model.unsupported" });
    expect(result.error.message).toMatch(/^tiny\.gguf cannot be fine-tuned here: its architecture is "gemma9 .*phi3\. Choose a model of one of these families: Llama\.$/);
    expect(result.error.message).not.toMatch(/\p{C}/u);
    expect(await inspect(modelPath, ok({ ...info, contextLength: null }))).toMatchObject({ ok: false, error: { code: "model.bad_info" } });
  });

  it("turns what the trainer found into sentences", async () => {
    expect(await inspect(modelPath, ok({ ...info, supported: false, unsupportedReason: "architecture gemma9 is not known" }))).toMatchObject({ ok: false, error: { code: "model.unsupported", message: expect.stringContaining("gemma9") as string } });
    expect(await inspect(modelPath, ok({ ...info, tokenizerModel: null }))).toMatchObject({ ok: false, error: { code: "model.no_tokenizer" } });
    expect(await inspect(modelPath, ok({ ...info, parameters: 0 }))).toMatchObject({ ok: false, error: { code: "model.no_weights" } });
    expect(await inspect(modelPath, ok({ hello: 1 }))).toMatchObject({ ok: false, error: { code: "model.bad_info" } });
    expect(await inspect(modelPath, fail("CONFIG", "model.truncated", "The file ends early."))).toMatchObject({ ok: false, error: { code: "model.truncated" } });
  });
});
