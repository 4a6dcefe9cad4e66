import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { licenceBeside, licenceOfCard, licenceOfText } from "./licence.js";

describe("licenceOfCard", () => {
  it.each([
    ["---\nlicense: mit\n---\n# A set", "mit"],
    ["\ufeff---\r\nlanguage:\r\n- en\r\nlicense: apache-2.0\r\n---\r\n", "apache-2.0"],
    ["---\nlicense:\n- cc-by-4.0\n- odc-by\n---\n", "cc-by-4.0, odc-by"],
    ["---\nlicense: other\nlicense_name: my-terms\n---\n", "my-terms"],
    ["---\nlicense: other\n---\n", "other"],
    ["---\nlicense: unknown\n---\n", null],
    ["---\nlicense: 7\n---\n", null],
    ["---\nlicense: {a: b}\n---\n", null],
    ["---\nlicense: [\n---\n", null],
    ["# license: mit", null],
    ["---\nlicense: mit", null],
    ["---\nlicense: '<b>mit</b>'\n---\n", "mit"],
    [`---\nlicense: ${"x".repeat(200)}\n---\n`, null],
  ])("%j", (card, licence) => {
    expect(licenceOfCard(card)).toBe(licence);
  });

  it("does not unfold a bomb of aliases", () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]", ...Array.from({ length: 12 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(",")}]`), "license: *a12"];
    expect(licenceOfCard(`---\n${lines.join("\n")}\n---\n`)).toBeNull();
  });
});

describe("licences of files", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "trex-licence-"));
    await mkdir(join(folder, "root", "deep", "deeper"), { recursive: true });
    await writeFile(join(folder, "LICENSE"), "MIT License\n");
    await writeFile(join(folder, "secret.md"), "---\nlicense: stolen\n---\n");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("knows common texts and gives the first line of others", () => {
    expect(licenceOfText("\n                 Apache License\n           Version 2.0, January 2004\n")).toBe("apache-2.0");
    expect(licenceOfText("Creative Commons Attribution-NonCommercial 4.0 International")).toBe("cc-by-nc-4.0");
    expect(licenceOfText("  Our own terms\nNo use on Sundays.")).toBe("Our own terms");
    expect(licenceOfText(" \n ")).toBeNull();
  });

  it("looks upwards to the root and not beyond, and follows no link out of it", async () => {
    const root = join(folder, "root");
    expect(await licenceBeside(join(root, "deep", "deeper"), root)).toBeNull();
    await symlink(join(folder, "secret.md"), join(root, "deep", "README.md"));
    expect(await licenceBeside(join(root, "deep", "deeper"), root)).toBeNull();
    await writeFile(join(root, "COPYING"), "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n");
    expect(await licenceBeside(join(root, "deep", "deeper"), root)).toBe("gpl-3.0");
  });
});
