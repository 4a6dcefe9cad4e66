import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fieldTable } from "../../tree/index.js";
import { withGeneratedParts } from "./bench-search-document.js";

describe("generated parts of a page", () => {
  const page = "# Title\n\n<!-- a: generated -->\nold\n<!-- /a -->\n\nText.\n";
  it("are replaced and nothing else is", () => {
    expect(withGeneratedParts(page, { a: "new\n" })).toBe("# Title\n\n<!-- a: generated -->\nnew\n<!-- /a -->\n\nText.\n");
    expect(withGeneratedParts(withGeneratedParts(page, { a: "new" }), { a: "new" })).toBe(withGeneratedParts(page, { a: "new" }));
  });
  it("come at the end where the page has no place for them", () => {
    expect(withGeneratedParts("", { a: "x" })).toBe("<!-- a: generated -->\nx\n<!-- /a -->\n");
    expect(withGeneratedParts("Text.", { a: "x" })).toBe("Text.\n\n<!-- a: generated -->\nx\n<!-- /a -->\n");
  });
});

describe("docs/search.md", () => {
  it("lists the constants of a family as the code has them", () => {
    const text = readFileSync("docs/search.md", "utf8");
    expect(withGeneratedParts(text, { fields: fieldTable() })).toBe(text);
  });
});
