import { describe, expect, it } from "vitest";
import { childText, parseXml } from "./atom.js";

describe("parseXml", () => {
  it("reads elements, attributes, entities, character data and comments", () => {
    const root = parseXml('\ufeff<?xml version="1.0"?><!-- a --><feed a="1 &amp; 2" b=\'"\'><title>x &lt;y&gt; &#x41;&#66;</title><link/><t><![CDATA[<b>&amp;]]></t><!-- <entry> --></feed>\n');
    expect(root?.name).toBe("feed");
    expect({ ...root?.attributes }).toEqual({ a: "1 & 2", b: '"' });
    expect(root?.children.map((child) => child.name)).toEqual(["title", "link", "t"]);
    expect(childText(root!, "title")).toBe("x <y> AB");
    expect(childText(root!, "t")).toBe("<b>&amp;");
    expect(childText(root!, "missing")).toBe("");
  });

  it.each([
    ["two roots", "<a/><b/>"], ["text beside the root", "<a/>text"], ["an open element", "<a><b></a></b>"], ["no end", "<a><b>"], ["nothing", ""], ["a stray end", "</a>"],
    ["a document type", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'], ["an entity of its own", "<a>&x;</a>"], ["a bare ampersand", "<a>R & D</a>"],
    ["an unquoted attribute", "<a b=c/>"], ["the same attribute twice", '<a b="1" b="2"/>'], ["no character", "<a>&#0;</a>"], ["half of a pair", "<a>&#xD800;</a>"], ["an HTML page", "<!doctype html><html><p>Sign in</html>"],
    ["an open comment", "<a><!-- x</a>"], ["open character data", "<a><![CDATA[x</a>"],
  ])("refuses %s", (_, source) => {
    expect(parseXml(source)).toBeNull();
  });

  it("ends on input made to be slow, deep or wide", () => {
    expect(parseXml("<a>".repeat(100_000))).toBeNull();
    expect(parseXml(`<a>${"<b/>".repeat(30_000)}</a>`)).toBeNull();
    expect(parseXml(`<a ${'b="'.repeat(200_000)}>`)).toBeNull();
    expect(parseXml("<a" + " ".repeat(1_000_000))).toBeNull();
    expect(parseXml(`<a>${"&amp;".repeat(200_000)}</a>`)?.text.length).toBe(200_000);
  });

  it("lets no name reach a prototype", () => {
    const root = parseXml('<a __proto__="x" constructor="y"/>');
    expect(root?.attributes.constructor).toBe("y");
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(Object.getPrototypeOf(root?.attributes)).toBeNull();
  });
});
