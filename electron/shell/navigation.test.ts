import { describe, expect, it } from "vitest";
import { isPageUrl, mayOpenOutside, startFragment } from "./navigation.js";

describe("where the window may go", () => {
  it.each([
    ["app://trex/", true],
    ["app://trex/index.html#/runs/a", true],
    ["app://trex.evil/", false],
    ["app://other/", false],
    ["file:///etc/passwd", false],
    ["https://trex/", false],
    ["javascript:alert(1)", false],
    ["not a url", false],
  ])("%s: %s", (url, allowed) => {
    expect(isPageUrl(url)).toBe(allowed);
  });

  it.each([
    ["https://github.com/ggml-org/llama.cpp", true],
    ["https://arxiv.org/abs/2604.14116", true],
    ["http://github.com/", false],
    ["https://github.com.evil.example/", false],
    ["https://github.com@evil.example/", false],
    ["https://user@github.com/", false],
    ["https://github.com:8443/", false],
    ["https://evil.example/?https://github.com", false],
    ["file:///bin/sh", false],
    ["smb://github.com/share", false],
  ])("opens %s in the browser: %s", (url, allowed) => {
    expect(mayOpenOutside(url)).toBe(allowed);
  });

  it("takes a run's id from the command line, and nothing that is not one", () => {
    expect(startFragment(["trex", ".", "--run", "20261123-0436-9f3a2c"])).toBe("#/runs/20261123-0436-9f3a2c");
    expect(startFragment(["trex", "--run", "../../x"])).toBe("");
    expect(startFragment(["trex", "--run"])).toBe("");
    expect(startFragment(["trex"])).toBe("");
  });
});
