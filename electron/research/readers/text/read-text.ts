import type { ExtractedDocument } from "../extracted-document.js";
import { createHiddenTally } from "../hidden-tally.js";
import { partsOf } from "../parts.js";
import { plainTitle, tidy, visibleCharacters } from "../plain-text.js";

const titleCharacters = 120;

export function readText(source: string): ExtractedDocument {
  const tally = createHiddenTally();
  const visible = visibleCharacters(source);
  tally.addCount(1, "control-characters", visible.removed);
  const firstLine = visible.text.split("\n").find((line) => line.trim() !== "") ?? "";
  // A first line as long as a paragraph is one.
  const title = plainTitle(firstLine, 200);
  return { title: title === "" || title.length > titleCharacters ? null : title, pages: partsOf(tidy(visible.text)), hidden: tally.result(), warnings: [] };
}
