import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { err, fail, ok, type ModelFacts, type Models, type Result } from "../contract/index.js";
import { createFileHasher } from "./file-hash.js";

/** What is read of `trex-train info`; see native-trainer/README.md. The shape is null where the model is not supported. */
export const trainerInfoSchema = z.object({
  architecture: z.string().nullable(),
  supported: z.boolean(),
  unsupportedReason: z.string().nullish(),
  name: z.string().nullish(),
  parameters: z.number().nonnegative(),
  contextLength: z.number().int().nonnegative().nullable(),
  vocabSize: z.number().int().nonnegative().nullable(),
  tokenizerModel: z.string().nullish(),
  hasChatTemplate: z.boolean(),
});

export interface ModelsOptions {
  /** `trex-train info`: parses the file strictly before anything else native touches it. */
  readonly trainerInfo: (path: string, signal: AbortSignal) => Promise<Result<unknown>>;
}

const nameCharacters = 120;
const reasonCharacters = 600;

/** Errors: CONFIG model.missing, model.unreadable, model.directory, model.not_gguf, model.no_tokenizer, model.no_weights, model.unsupported, and what trex-train says (such as model.truncated). */
export function createModels(options: ModelsOptions): Models {
  const hash = createFileHasher();
  return {
    async inspect(path, signal): Promise<Result<ModelFacts>> {
      const first = await checkFile(path);
      if (!first.ok) return first;
      const info = await options.trainerInfo(path, signal);
      if (!info.ok) return err(info.error);
      const parsed = trainerInfoSchema.safeParse(info.value);
      if (!parsed.success) return badInfo(path);
      const facts = parsed.data;
      const file = basename(path);
      if (facts.tokenizerModel == null || facts.tokenizerModel === "") return fail("CONFIG", "model.no_tokenizer", `${file} holds no tokenizer, so text cannot be turned into tokens for it.`, "Download the model again as one complete GGUF file.");
      if (facts.parameters === 0) return fail("CONFIG", "model.no_weights", `${file} holds a vocabulary but no weights.`, "Choose the GGUF file of the whole model.");
      if (!facts.supported) return fail("CONFIG", "model.unsupported", `${file} cannot be fine-tuned here: ${reasonOf(facts)}.`, "Choose another model; the app's list of models says of each whether it can be fine-tuned, and so does trex-train info.");
      const { architecture, contextLength, vocabSize } = facts;
      if (architecture === null || contextLength === null || vocabSize === null) return badInfo(path);
      try {
        return ok({
          path, sha256: await hash(path, signal), name: printable(facts.name ?? "") || file.replace(/\.gguf$/i, ""), architecture, parameters: facts.parameters,
          contextLength, vocabSize, hasChatTemplate: facts.hasChatTemplate, sizeBytes: first.value.sizeBytes,
        });
      } catch (error) {
        if (signal.aborted) return fail("CANCELLED", "model.cancelled", `Reading ${file} was stopped.`);
        return fail("ENV", "model.read_failed", `${file} could not be read to its end: ${error instanceof Error ? error.message : String(error)}.`, "Check the disk and try again.");
      }
    },
  };
}

/** What can be said without parsing. */
async function checkFile(path: string): Promise<Result<{ readonly sizeBytes: number }>> {
  const file = basename(path);
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return fail("CONFIG", "model.directory", `${path} is a folder, not a model file.`, "Choose a .gguf file inside it.");
    if (!facts.isFile()) return fail("CONFIG", "model.unreadable", `${path} is not an ordinary file.`, "Choose a .gguf file.");
    const handle = await open(path, "r");
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      if (bytesRead < 4 || buffer.toString("latin1") !== "GGUF") {
        return fail("CONFIG", "model.not_gguf", bytesRead === 0 ? `${file} is empty.` : `${file} is not a GGUF file.`, "Choose a model in GGUF format, the one llama.cpp, LM Studio and Ollama use.");
      }
      return ok({ sizeBytes: facts.size });
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return fail("CONFIG", "model.missing", `There is no file ${path}.`, "Check the path.");
    if (code === "EACCES" || code === "EPERM") return fail("CONFIG", "model.unreadable", `You may not read ${path}.`, "Change the file's permissions or copy it to a folder of yours.");
    return fail("ENV", "model.unreadable", `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, "Check the disk.");
  }
}

function badInfo(path: string): Result<never> {
  return fail("INTERNAL", "model.bad_info", `trex-train described ${basename(path)} in a form this app does not know.`, "The app and its trainer do not fit together; install both again.");
}

/** In the trainer's words, which name what is supported; without the file's path, which the sentence has already. */
function reasonOf({ unsupportedReason, architecture }: z.infer<typeof trainerInfoSchema>): string {
  const reason = unsupportedReason?.replace(/^.*? cannot be trained: /s, "") ?? `its architecture is ${architecture ?? "unknown"}`;
  return printable(reason, reasonCharacters);
}

function printable(text: string, characters = nameCharacters): string {
  return text.replace(/\p{C}+/gu, " ").trim().slice(0, characters).replace(/\.$/, "");
}
