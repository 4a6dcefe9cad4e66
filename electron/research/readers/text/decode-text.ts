import { fail, ok, type Result } from "../../../contract/index.js";

/** Text files as people have them: UTF-8, UTF-16 with its mark, else Windows-1252. A file with NUL bytes is no text. */
export function decodeText(bytes: Uint8Array): Result<{ text: string; warnings: string[] }> {
  const mark = bytes.length >= 2 ? `${bytes[0] ?? 0},${bytes[1] ?? 0}` : "";
  if (mark === "255,254" || mark === "254,255") {
    return ok({ text: new TextDecoder(mark === "255,254" ? "utf-16le" : "utf-16be").decode(bytes), warnings: [] });
  }
  if (bytes.includes(0)) return fail("DATA", "document.not_text", "The file is not text: it holds NUL bytes.", "Check that its name ends as its content is.");
  try {
    return ok({ text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), warnings: [] });
  } catch {
    return ok({ text: new TextDecoder("windows-1252").decode(bytes), warnings: ["The file is not UTF-8; it was read as Windows-1252, so that some letters may be wrong."] });
  }
}
