import { parse, type DefaultTreeAdapterMap } from "parse5";
import type { ExtractedDocument } from "../extracted-document.js";
import { createHiddenTally, type HiddenTally } from "../hidden-tally.js";
import { partsOf } from "../parts.js";
import { plainTitle, tidy, visibleCharacters } from "../plain-text.js";
import { indexRules, parseStyleSheet, type Styled, type StyleRule } from "./style-rules.js";
import { lookOf, reasonOf, rootLook, type Look } from "./visibility.js";

type Node = DefaultTreeAdapterMap["node"];

/** What a person sees of a page without scripts, pictures or anything from outside the file. */
export function readHtml(source: string): ExtractedDocument {
  const tally = createHiddenTally();
  const { text, title } = visibleText(source, tally, { keepLines: false });
  return { title, pages: partsOf(text), hidden: tally.result(), warnings: [] };
}

export interface VisibleText { readonly text: string; readonly title: string | null }

/**
 * `keepLines`: line breaks of the source are kept, as Markdown needs it. Hidden text goes to the tally, for page 1.
 * parse5 is told that scripts run, so that noscript stays out: what a browser shows is what counts.
 */
export function visibleText(source: string, tally: HiddenTally, options: { readonly keepLines: boolean }): VisibleText {
  const document = parse(source, { scriptingEnabled: true });
  const styleRules: StyleRule[] = [];
  collectRules(document, styleRules);
  const rules = indexRules(styleRules);
  const out: string[] = [];
  const found: { title: string | null; heading: string | null } = { title: null, heading: null };

  const walk = (node: Node, parent: Styled | null, look: Look, preformatted: boolean): void => {
    if (node.nodeName === "#comment") { tally.add(1, "comment", "data" in node ? node.data : ""); return; }
    if (node.nodeName === "#text") {
      const value = "value" in node ? node.value : "";
      const reason = reasonOf(look);
      if (reason !== null) tally.add(1, reason, value);
      else out.push(preformatted || options.keepLines ? value : value.replace(/\s+/gu, " "));
      return;
    }
    if (!("childNodes" in node)) return;
    if (!("tagName" in node)) { for (const child of node.childNodes) walk(child, parent, look, preformatted); return; }
    const tag = node.tagName;
    const element: Styled = { tag, attributes: new Map(node.attrs.map(({ name, value }) => [name, value])), parent };
    if (tag === "title" && found.title === null) { found.title = textOf(node); return; }
    if (neverShown.has(tag)) { if (countedWhenNotShown.has(tag)) tally.add(1, "not-rendered", textOf(node)); return; }
    if (tag === "br") { out.push("\n"); return; }
    const own = lookOf(element, look, rules);
    for (const name of unseenAttributes) {
      const value = element.attributes.get(name);
      if (value !== undefined && value.length >= leastCountedAttribute) tally.add(1, "not-rendered", value);
    }
    if (tag === "template") { if ("content" in node) tally.add(1, "not-rendered", textOf(node.content)); return; }
    const isBlock = blocks.has(tag);
    if (isBlock) out.push(paragraphs.has(tag) ? "\n\n" : "\n");
    if (tag === "td" || tag === "th") out.push(" ");
    if (tag === "li") out.push("- ");
    // 10<sup>-4</sup> is a number, not "10-4".
    if (tag === "sup" && /\d\s*$/u.test(out.at(-1) ?? "") && /^\s*[-+−]?\d{1,3}\s*$/u.test(textOf(node))) out.push("^");
    const before = out.length;
    for (const child of node.childNodes) walk(child, element, own, preformatted || tag === "pre" || tag === "textarea");
    if (tag === "h1" && found.heading === null) found.heading = out.slice(before).join("");
    if (isBlock) out.push(paragraphs.has(tag) ? "\n\n" : "\n");
  };
  walk(document, null, rootLook, false);

  const visible = visibleCharacters(out.join(""));
  tally.addCount(1, "control-characters", visible.removed);
  const shownTitle = plainTitle(found.title ?? found.heading ?? "", 200);
  return { text: options.keepLines ? visible.text.trim() : tidy(visible.text), title: shownTitle === "" ? null : shownTitle };
}

/** `base`, `link` and the like hold no text; forms' contents are a person's own. */
const neverShown = new Set(["script", "style", "noscript", "object", "embed", "iframe", "audio", "video", "canvas", "svg", "datalist", "noembed", "noframes", "title"]);
const countedWhenNotShown = new Set(["noscript", "object", "iframe", "datalist", "noembed", "noframes"]);
/** Read out or shown on hovering at most. Short ones are labels of pictures and buttons. */
const unseenAttributes = ["alt", "title", "aria-label", "aria-description", "placeholder"];
const leastCountedAttribute = 40;
const paragraphs = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "dl", "section", "article", "figure", "hr", "header", "footer", "main", "aside", "nav"]);
const blocks = new Set([...paragraphs, "div", "li", "tr", "dt", "dd", "address", "body", "html", "details", "summary", "fieldset", "form", "caption", "figcaption", "option"]);

function collectRules(node: Node, rules: StyleRule[]): void {
  if ("tagName" in node && node.tagName === "style") rules.push(...parseStyleSheet(textOf(node)));
  if ("childNodes" in node) for (const child of node.childNodes) collectRules(child, rules);
}

function textOf(node: Node): string {
  if (node.nodeName === "#text" && "value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
}
