import { describe, expect, it } from "vitest";
import { cleanDocument } from "../../../test/fixtures/library/canaries.js";
import { documentKinds } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { readPages } from "../quarantine/reading.js";
import { extractedDocumentSchema } from "./extracted-document.js";
import { readDocument } from "./read-document.js";

/** Marks that readers look for, so that damage hits where it hurts. */
const marks = ["<", ">", "<!--", "-->", "<style>", "</style>", "{", "}", "@", "\"", "`", "```\n", "[", "](", "\\", "\u0000", "\u200b", "\u{E0041}", "obj", "stream", "q ", "BT ", "Tj ", "<<", ">>", "/F1 ", "-1 ", "1e99", "&#x10FFFF;", "style=\"font-size:calc(", "\ud800"];

describe.each(documentKinds)("damaged %s", (kind) => {
  it("is read or refused, never more", async () => {
    const random = createRandom(20_26);
    const { bytes } = cleanDocument(kind);
    for (let round = 0; round < 60; round += 1) {
      const damaged = [...bytes];
      for (let cut = 0; cut < 1 + Math.floor(random() * 6); cut += 1) {
        const at = Math.floor(random() * damaged.length);
        const mark = new TextEncoder().encode(marks[Math.floor(random() * marks.length)]);
        damaged.splice(at, Math.floor(random() * 12), ...mark);
      }
      const read = await readDocument(Uint8Array.from(damaged), kind);
      if (!read.ok) { expect(read.error.message).toMatch(/^[^\n]{5,200}\.$/u); continue; }
      expect(extractedDocumentSchema.safeParse(read.value).success).toBe(true);
      // Words can be lost with what holds them, but hidden marks never come through.
      for (const { text } of read.value.pages) expect(text).not.toMatch(/[\u200b\u{E0000}-\u{E007F}\u202e]/u);
      expect(() => readPages(read.value.pages)).not.toThrow();
    }
  });
});
