import { parseFragment, type DefaultTreeAdapterTypes } from "parse5";
import { visibleCharacters } from "../readers/plain-text.js";

const anyTag = /<[a-z!/?]/iu;
/** What is inside them is code or was never meant to be read. */
const unread = new Set(["script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head", "title", "textarea"]);
/** Answers are capped at two million bytes; nothing that reads like an abstract is longer than this. */
const mostToClean = 40_000;

/**
 * A stranger's text as one bounded line without markup and without characters that a person does not see. Markup may come
 * escaped more than once; whatever still looks like a tag after three turns loses its form, so no HTML leaves here.
 */
export function cleanText(text: string, mostCharacters: number): string {
  let clean = text.slice(0, mostToClean);
  for (let turn = 0; turn < 3 && (anyTag.test(clean) || /&(?:#|[a-z]+;)/iu.test(clean)); turn += 1) clean = textOf(clean);
  const line = visibleCharacters(clean).text.replace(/\s+/gu, " ").trim().replace(/<(?=[a-z!/?])/giu, "< ");
  const characters = Array.from(line);
  return characters.length <= mostCharacters ? line : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}

function textOf(markup: string): string {
  const parts: string[] = [];
  // Parsers build no tree deeper than their input is long, but a chain of a thousand divs is deeper than a call stack likes.
  const open: DefaultTreeAdapterTypes.ChildNode[] = [...parseFragment(markup).childNodes].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.nodeName === "#text") parts.push((node as DefaultTreeAdapterTypes.TextNode).value);
    else if ("childNodes" in node && !unread.has(node.nodeName)) open.push(...[...node.childNodes].reverse());
  }
  return parts.join("");
}

/** A name from the hub or a licence: short, and of the characters such names have; null for everything else. */
export function cleanIdentifier(value: unknown, mostCharacters: number): string | null {
  if (typeof value !== "string") return null;
  const clean = cleanText(value, mostCharacters + 1);
  return clean === "" || clean.length > mostCharacters ? null : clean;
}

/** A count or size as a service gives it: a whole number that is not negative, else null. */
export function cleanCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** The year at the beginning of an ISO date or as a number; null for what no paper can have. */
export function cleanYear(value: unknown): number | null {
  const year = typeof value === "number" ? value : typeof value === "string" ? Number(/^\s*(\d{4})-\d{2}/u.exec(value)?.[1]) : Number.NaN;
  return Number.isInteger(year) && year >= 1900 && year <= 2100 ? year : null;
}
