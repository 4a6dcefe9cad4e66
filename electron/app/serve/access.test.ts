import path from "node:path";
import { describe, expect, it } from "vitest";
import { bearerOf, isOwnPage, isToken, newToken } from "./access.js";
import { resolveInside } from "./static-files.js";

describe("who may talk to the server", () => {
  const own = { host: "127.0.0.1:4100" };

  it.each([
    [own, true],
    [{ host: "localhost:4100", origin: "http://localhost:4100", "sec-fetch-site": "same-origin" }, true],
    [{ host: "127.0.0.1:4101" }, false],
    [{ host: "evil.example:4100" }, false],
    [{ host: "127.0.0.1.evil.example:4100" }, false],
    [{}, false],
    [{ ...own, origin: "http://evil.example" }, false],
    [{ ...own, origin: "null" }, false],
    [{ ...own, origin: "https://127.0.0.1:4100" }, false],
    [{ ...own, "sec-fetch-site": "cross-site" }, false],
    [{ ...own, "sec-fetch-site": "same-site" }, false],
  ])("%j: %s", (headers, allowed) => {
    expect(isOwnPage(headers, 4100)).toBe(allowed);
  });

  it("wants the very token", () => {
    const token = newToken();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(isToken(token, token)).toBe(true);
    for (const wrong of [null, undefined, "", `${token}x`, token.slice(1), newToken()]) expect(isToken(wrong, token)).toBe(false);
    expect(bearerOf({ authorization: `Bearer ${token}` })).toBe(token);
    expect(bearerOf({ authorization: `bearer${token}` })).toBeNull();
  });
});

describe("which files the page may have", () => {
  const folder = path.resolve("/srv/page");

  it("finds files inside", () => {
    expect(resolveInside(folder, "/")).toBe(path.join(folder, "index.html"));
    expect(resolveInside(folder, "/assets/a%20b.js")).toBe(path.join(folder, "assets", "a b.js"));
  });

  it.each(["/../page-secret/x.js", "/..%2f..%2fetc/passwd", "/%2e%2e/x.js", "/a/../../x.js", "/a%00.js", "/..\\x.js", "/%", "/../page"])("does not leave the folder for %s", (request) => {
    expect(resolveInside(folder, request)).toBeNull();
  });
});
