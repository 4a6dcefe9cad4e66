import { FailureError, fail, type Failure, type Result } from "../contract/index.js";
import { codeOf } from "./file-system.js";

/**
 * A plain sentence for what the file system said.
 * @param doing what was tried, as the start of a sentence: "Cannot write settings.json"
 * @param kept what is still whole, as a sentence, or ""
 */
export function failureOfIo(error: unknown, doing: string, kept = ""): Failure {
  if (error instanceof FailureError) return error.failure;
  const code = codeOf(error);
  const say = (failureClass: Failure["class"], dotted: string, why: string, hint: string): Failure => ({
    class: failureClass,
    code: dotted,
    message: `${doing}: ${why}.${kept === "" ? "" : ` ${kept}`}`,
    hint,
  });
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return say("ENV", "store.disk_full", "there is no space left on the disk", "Free some space, or choose another disk with TREX_HOME, then resume.");
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return say("ENV", "store.not_allowed", "the system does not allow it", "Check the permissions of the file and its folder, and that the disk is not read-only.");
    case "EBUSY":
    case "ETXTBSY":
      return say("ENV", "store.busy", "another program is using the file", "Close the program that holds it (a virus scanner or a sync tool may), then try again.");
    case "ENOENT":
      return say("CONFIG", "store.not_found", "there is no such file or folder", "Check the path.");
    case "EISDIR":
    case "ENOTDIR":
      return say("CONFIG", "store.wrong_kind", "a folder stands where a file is needed, or a file where a folder is", "Check the path.");
    case "ENAMETOOLONG":
      return say("CONFIG", "store.name_too_long", "the path is too long for this file system", "Choose a shorter folder.");
    case "EMFILE":
    case "ENFILE":
      return say("ENV", "store.too_many_files", "too many files are open", "Close other programs, then try again.");
    default:
      return say("ENV", "store.io", code === "" ? String(error instanceof Error ? error.message : error) : `the disk reported ${code}`, "Check the disk, then try again.");
  }
}

/** Runs file work whose errors are the machine's, and turns what it throws into a failure. */
export async function tryIo<Value>(doing: string, work: () => Promise<Value>, kept = ""): Promise<Result<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const { class: failureClass, code, message, hint } = failureOfIo(error, doing, kept);
    return fail(failureClass, code, message, hint);
  }
}
