import { getDocumentProxy } from "unpdf";
import { fail, ok, type Result } from "../../../contract/index.js";
import type { ExtractedDocument } from "../extracted-document.js";
import { createHiddenTally } from "../hidden-tally.js";
import { plainTitle, tidy, visibleCharacters } from "../plain-text.js";
import { joinLines, linesOf, type TextLine } from "./lines.js";
import { glyphsOf, type FontFacts } from "./page-glyphs.js";

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type Page = Awaited<ReturnType<Pdf["getPage"]>>;

export interface PdfLimits { readonly mostPages: number; readonly mostCharacters: number }

/** No scripts, no forms, no fonts of the system, no pictures, no evaluation of strings as code. */
const parameters = {
  verbosity: 0, isEvalSupported: false, enableXfa: false, useSystemFonts: false, disableFontFace: true, useWorkerFetch: false, disableAutoFetch: true, disableStream: true,
  // A picture of more than one pixel is not decoded.
  maxImageSize: 1,
};

export async function readPdf(bytes: Uint8Array, limits: PdfLimits): Promise<Result<ExtractedDocument>> {
  addMissingBuiltIns();
  let pdf: Pdf;
  try {
    pdf = await getDocumentProxy(bytes, parameters);
  } catch (error) {
    return error instanceof Error && error.name === "PasswordException"
      ? fail("DATA", "document.password", "The PDF is locked with a password.", "Save it without one and add it again.")
      : fail("DATA", "document.damaged", "The PDF cannot be read: it is damaged or not a PDF.", "Open it in a viewer and save it again.");
  }
  const tally = createHiddenTally();
  const warnings: string[] = [];
  const pages: ExtractedDocument["pages"] = [];
  const unreadable: number[] = [];
  let firstLines: readonly TextLine[] = [];
  let characters = 0;
  const layers = await pdf.getOptionalContentConfig();
  const read = Math.min(pdf.numPages, limits.mostPages);
  if (read < pdf.numPages) warnings.push(`Only the first ${read} of ${pdf.numPages} pages were read.`);

  for (let number = 1; number <= read; number += 1) {
    let page: Page;
    let found: ReturnType<typeof glyphsOf>;
    try {
      page = await pdf.getPage(number);
      // 0: no annotations; their text stands in boxes that can be closed.
      const list = await page.getOperatorList({ annotationMode: 0 });
      const [left = 0, bottom = 0, right = 0, top = 0] = page.view;
      found = glyphsOf({
        operatorNumbers: list.fnArray, parameters: list.argsArray as unknown[], view: [Math.min(left, right), Math.min(bottom, top), Math.max(left, right), Math.max(bottom, top)],
        fontOf: fontsOf(page), isLayerOn: (group) => isVisible(layers, group),
      });
    } catch {
      unreadable.push(number);
      continue;
    }
    if (found.truncated) warnings.push(`Page ${number} holds more characters than any page does; the rest of it was left out.`);
    for (const glyph of found.glyphs) if (glyph.hidden !== null) tally.add(number, glyph.hidden, glyph.text);
    const lines = linesOf(found.glyphs.filter((glyph) => glyph.hidden === null));
    if (number === 1) firstLines = lines;
    const visible = visibleCharacters(joinLines(lines));
    tally.addCount(number, "control-characters", visible.removed);
    const text = tidy(visible.text);
    characters += text.length;
    if (characters > limits.mostCharacters) { warnings.push(`The document holds more than ${limits.mostCharacters} characters; pages from ${number} on were left out.`); break; }
    if (text !== "") pages.push({ number, text });
    page.cleanup();
  }
  if (unreadable.length > 0) warnings.push(`${unreadable.length === 1 ? "Page" : "Pages"} ${unreadable.slice(0, 20).join(", ")}${unreadable.length > 20 ? ", …" : ""} could not be read.`);
  const hidden = tally.result();
  if (pages.length === 0) {
    const layer = hidden.some(({ reason }) => reason === "invisible");
    warnings.push(layer ? "No page shows text. It looks like a scan: the text a scanner laid invisibly over its pictures cannot be told from planted text and was left out." : "No page shows text; it may be a scan or a picture.");
  }
  const title = await titleOf(pdf, firstLines);
  await pdf.loadingTask.destroy();
  return ok({ title, pages, hidden, warnings });
}

/** What stands largest on the first page; what the file calls itself only when nothing does. */
async function titleOf(pdf: Pdf, lines: readonly TextLine[]): Promise<string | null> {
  const candidates = lines.filter(({ text, level }) => level && /\p{L}{2}/u.test(text));
  const largest = Math.max(0, ...candidates.map(({ size }) => size));
  const first = candidates.findIndex(({ size }) => size > largest - 0.5);
  const run = candidates.slice(Math.max(0, first), first + 4);
  const end = run.findIndex(({ size }) => size <= largest - 0.5);
  const shown = plainTitle(run.slice(0, end < 0 ? run.length : end).map(({ text }) => text).join(" "), 200);
  if (shown.length >= 4) return shown;
  const metadata = await pdf.getMetadata().catch(() => null);
  const named: unknown = (metadata?.info as { Title?: unknown } | undefined)?.Title;
  const title = typeof named === "string" ? plainTitle(named, 200) : "";
  return title === "" ? null : title;
}

function fontsOf(page: Page): (name: string) => FontFacts {
  const known = new Map<string, FontFacts>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    let font: { vertical?: unknown; fontMatrix?: unknown } = {};
    try {
      font = page.commonObjs.get(name) as typeof font;
    } catch {
      // Not resolved: a font that could not be read; its letters have the usual scale.
    }
    const scale = Array.isArray(font.fontMatrix) ? Number((font.fontMatrix as unknown[])[0]) : 0.001;
    const facts = { vertical: font.vertical === true, unitsPerSize: Number.isFinite(scale) && scale !== 0 ? scale : 0.001 };
    known.set(name, facts);
    return facts;
  };
}

function isVisible(layers: Awaited<ReturnType<Pdf["getOptionalContentConfig"]>>, group: unknown): boolean {
  try {
    return layers.isVisible(group as Parameters<typeof layers.isVisible>[0]) !== false;
  } catch {
    return true;
  }
}

/** pdf.js 5.6 wants ES2024's transfer of array buffers for its operator list; Node 20 lacks it. A copy does the same, slower. */
function addMissingBuiltIns(): void {
  const prototype = ArrayBuffer.prototype as { transferToFixedLength?: (length?: number) => ArrayBuffer };
  prototype.transferToFixedLength ??= function (this: ArrayBuffer, length?: number): ArrayBuffer {
    const wanted = length ?? this.byteLength;
    if (wanted <= this.byteLength) return this.slice(0, wanted);
    const longer = new ArrayBuffer(wanted);
    new Uint8Array(longer).set(new Uint8Array(this));
    return longer;
  };
}
