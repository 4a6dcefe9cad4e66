import { assertNever, fail, ok, type Result } from "../../contract/index.js";
import { decodeText } from "./text/decode-text.js";
import type { DocumentKind } from "./document-kind.js";
import type { ExtractedDocument } from "./extracted-document.js";
import { readHtml } from "./html/read-html.js";
import { readPdf } from "./pdf/read-pdf.js";
import { readBibtex } from "./bibtex/read-bibtex.js";
import { readMarkdown } from "./text/read-markdown.js";
import { readText } from "./text/read-text.js";

/** A book has fewer; what is longer is no document. */
export const readLimits = { mostBytes: 64 * 2 ** 20, mostTextBytes: 16 * 2 ** 20, mostPages: 2000, mostCharacters: 8_000_000 } as const;

/**
 * The visible text of a document. Runs hostile input through large parsers: call it in the reader's own process only
 * (`createDocumentReader`), where hanging or eating memory ends that process and nothing else.
 */
export async function readDocument(bytes: Uint8Array, kind: DocumentKind): Promise<Result<ExtractedDocument>> {
  const limit = kind === "pdf" ? readLimits.mostBytes : readLimits.mostTextBytes;
  if (bytes.length > limit) return fail("DATA", "document.too_large", `The file has ${Math.ceil(bytes.length / 2 ** 20)} MiB; at most ${limit / 2 ** 20} are read.`, "Split it, or add the part that matters.");
  if (bytes.length === 0) return fail("DATA", "document.empty", "The file is empty.");
  try {
    // pdf.js takes the bytes it is given away from their owner.
    if (kind === "pdf") return await readPdf(bytes.slice(), readLimits);
    const decoded = decodeText(bytes);
    if (!decoded.ok) return decoded;
    const document = read(decoded.value.text, kind);
    if (document.pages.every(({ text }) => text === "")) document.warnings.push("It shows no text.");
    return ok({ ...document, warnings: [...decoded.value.warnings, ...document.warnings] });
  } catch (error) {
    if (error instanceof RangeError) return fail("DATA", "document.too_deep", "The document is nested too deeply to be read.", "Save it in a simpler form.");
    return fail("DATA", "document.damaged", "The document cannot be read: it is damaged or unlike any that its kind has.", "Open it in another program and save it again.");
  }
}

function read(text: string, kind: Exclude<DocumentKind, "pdf">): ExtractedDocument {
  switch (kind) {
    case "markdown": return readMarkdown(text);
    case "html": return readHtml(text);
    case "bibtex": return readBibtex(text);
    case "text": return readText(text);
    default: return assertNever(kind);
  }
}
