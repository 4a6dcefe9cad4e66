import { mostQuoted, quotable } from "./quotable.js";

/** So many of the answers must have a form for it to be the form; a few broken rows do not hide it. */
const nearlyAll = 0.95;
/** A key of fewer rows than this is an accident. */
const rare = 0.05;
const mostValuesShown = 6;
const mostLabelWords = 4;
const longestShortAnswerWords = 60;

/**
 * One sentence on the form that answers share, to be put into a prompt, or null when they share none. The wording is ours;
 * keys, labels and fixed beginnings are taken from the answers and quoted only if they are harmless (`quotable`).
 * Bounded: at most 1,300 characters, whatever the data.
 */
export function formatRulesOf(answers: readonly string[]): string | null {
  const texts = answers.map((answer) => answer.trim());
  if (texts.length === 0) return null;
  return jsonRule(texts) ?? labelRule(texts) ?? shapeRule(texts);
}

const share = (texts: readonly string[], holds: (text: string) => boolean): number => texts.filter(holds).length / texts.length;
const listed = (names: readonly string[], last: string): string => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1) ?? ""}`);
const quoted = (text: string): string => `"${text}"`;

function jsonRule(texts: readonly string[]): string | null {
  const values = texts.flatMap((text) => {
    const value = parsed(text);
    return typeof value === "object" && value !== null ? [value] : [];
  });
  if (values.length < texts.length * nearlyAll) return null;
  const objects = values.filter((value) => !Array.isArray(value));
  if (objects.length >= texts.length * nearlyAll) return objectRule(objects, share(texts, (text) => !text.includes("\n")) >= nearlyAll);
  if (values.length - objects.length < texts.length * nearlyAll) return "Answer with JSON and nothing else.";
  const kinds = new Set(values.flatMap((value) => (Array.isArray(value) ? value.map(kindOf) : [])));
  const [only] = kinds;
  return `Answer with a JSON list${kinds.size === 1 && only !== undefined && only !== "null" ? `, each of its items ${only},` : ""} and nothing else.`;
}

function parsed(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string": return "a text";
    case "number": return Number.isInteger(value) ? "a whole number" : "a number";
    case "boolean": return "true or false";
    default: return "an object";
  }
}

interface KeyFacts {
  rows: number;
  /** Rows by kind of value. */
  readonly kinds: Map<string, number>;
  /** Rows by text value; null once there are too many to be a choice. */
  values: Map<string, number> | null;
}

function objectRule(objects: readonly object[], oneLine: boolean): string {
  const keys = new Map<string, KeyFacts>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      // Data with ever new keys has no common ones, and must not fill the memory.
      if (!keys.has(key) && keys.size >= 10_000) continue;
      const facts = keys.get(key) ?? { rows: 0, kinds: new Map<string, number>(), values: new Map<string, number>() };
      keys.set(key, facts);
      facts.rows += 1;
      facts.kinds.set(kindOf(value), (facts.kinds.get(kindOf(value)) ?? 0) + 1);
      if (typeof value !== "string" || facts.values === null) continue;
      facts.values.set(value, (facts.values.get(value) ?? 0) + 1);
      if (facts.values.size > 200) facts.values = null;
    }
  }
  const shown = [...keys].filter(([key, { rows }]) => rows >= objects.length * rare && quotable(key) !== null)
    .sort(([, left], [, right]) => right.rows - left.rows).slice(0, mostQuoted);
  let room = mostQuoted;
  const described = shown.map(([key, facts]) => {
    const choices = valuesOf(facts, room);
    room -= choices?.length ?? 0;
    return { always: facts.rows >= objects.length * nearlyAll, text: `${quoted(key)} (${choices === null ? kindsText(facts) : `one of ${choices.map(quoted).join(", ")}`})` };
  });
  const always = described.filter((key) => key.always).map(({ text }) => text);
  const sometimes = described.filter((key) => !key.always).map(({ text }) => text);
  const complete = shown.length === [...keys.values()].filter(({ rows }) => rows >= objects.length * rare).length;
  const parts = [
    ...(always.length > 0 ? [`with ${complete ? "" : "at least "}the ${always.length === 1 ? "key" : "keys"} ${listed(always, "and")}`] : []),
    ...(sometimes.length > 0 ? [`${always.length > 0 ? "and, where they apply," : "with the keys that apply of"} ${listed(sometimes, "and")}`] : []),
  ];
  return `Answer with one JSON object${oneLine ? " on one line" : ""}${parts.length > 0 ? ` ${parts.join(" ")}` : ""}, and nothing else.`;
}

/** The values a key takes when they are few, each seen often enough to be no accident, and all can be shown. */
function valuesOf({ rows, values }: KeyFacts, room: number): string[] | null {
  if (values === null || values.size === 0) return null;
  const frequent = [...values].filter(([, count]) => count >= Math.max(2, rows * 0.01)).sort(([, left], [, right]) => right - left);
  const covered = frequent.reduce((sum, [, count]) => sum + count, 0);
  if (covered < rows * 0.98 || frequent.length > Math.min(mostValuesShown, room)) return null;
  const names = frequent.flatMap(([value]) => quotable(value) ?? []);
  return names.length === frequent.length ? names : null;
}

function kindsText({ rows, kinds }: KeyFacts): string {
  const frequent = new Set([...kinds].filter(([, count]) => count >= rows * rare).sort(([, left], [, right]) => right - left).map(([kind]) => kind));
  if (frequent.has("a number")) frequent.delete("a whole number");
  return listed([...frequent], "or");
}

/** Yes or no, or another choice among few. */
function labelRule(texts: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const text of texts) {
    if (text.length > 200 || (counts.size >= 2000 && !counts.has(text))) continue;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count >= Math.max(3, texts.length * 0.005)).sort(([left, few], [right, many]) => many - few || (left < right ? -1 : 1));
  if (frequent.length === 0 || frequent.reduce((sum, [, count]) => sum + count, 0) < texts.length * 0.98) return null;
  if (frequent.length > mostQuoted) return null;
  const names = frequent.flatMap(([label]) => quotable(label, mostLabelWords) ?? []);
  if (names.length < frequent.length) return "Answer with exactly one of the known labels and nothing else.";
  if (names.length === 1) return `Answer with ${quoted(names[0] ?? "")} and nothing else.`;
  return `Answer with exactly one of ${listed(names.map(quoted), "or")}, and nothing else.`;
}

/** Numbers, single words, lists, fixed beginnings and ends, and short texts. */
function shapeRule(texts: readonly string[]): string | null {
  if (share(texts, (text) => /^[-+−]?\d+$/.test(text)) >= nearlyAll) return "Answer with one whole number in digits and nothing else.";
  if (share(texts, (text) => /^[-+−]?[\d.,' ]*\d$/.test(text)) >= nearlyAll) return "Answer with one number in digits and nothing else.";
  if (share(texts, (text) => !/\s/.test(text)) >= nearlyAll && share(texts, (text) => text.length <= 40) >= nearlyAll) return "Answer with a single word and nothing else.";
  const parts: string[] = [];
  const start = fixedEnd(texts, "start");
  const end = fixedEnd(texts, "end");
  if (start !== null) parts.push(`begin with ${quoted(start)}`);
  if (end !== null) parts.push(`end with ${quoted(end)}`);
  if (share(texts, (text) => text.includes("\n") && text.split("\n").filter((line) => line.trim() !== "").every((line) => /^\s*([-*•]|\d+[.)])\s/.test(line))) >= nearlyAll) parts.push("be a list with one item a line");
  else if (share(texts, (text) => !text.includes("\n")) >= nearlyAll) {
    const words = texts.map((text) => text.split(/\s+/).length).sort((left, right) => left - right);
    const longest = words[Math.ceil(words.length * 0.99) - 1] ?? 0;
    if (longest <= longestShortAnswerWords) parts.push(`have at most ${longest} words on one line`);
  }
  return parts.length === 0 ? null : `The answer must ${listed(parts, "and")}.`;
}

/** The longest text of at least three characters that nearly all answers begin or end with, cut to what can be quoted. */
function fixedEnd(texts: readonly string[], side: "start" | "end"): string | null {
  const has = (text: string, piece: string): boolean => (side === "start" ? text.startsWith(piece) : text.endsWith(piece));
  const cut = (text: string, length: number): string => (side === "start" ? text.slice(0, length) : text.slice(Math.max(0, text.length - length)));
  let best = "";
  for (const model of [texts[0] ?? "", texts[Math.floor(texts.length / 2)] ?? "", texts.at(-1) ?? ""]) {
    let [low, high] = [0, Math.min(40, model.length)];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const piece = cut(model, middle);
      if (share(texts, (text) => has(text, piece)) >= nearlyAll) low = middle;
      else high = middle - 1;
    }
    if (low > best.length) best = cut(model, low);
  }
  const line = best.split("\n").at(side === "start" ? 0 : -1) ?? "";
  const words = wholeWords(line.trim(), texts, side).split(" ");
  const whole = (side === "start" ? words.slice(0, mostLabelWords) : words.slice(-mostLabelWords)).join(" ");
  return whole.length < 3 ? null : quotable(whole, mostLabelWords);
}

/** A piece that goes on differently in the middle of a word ends at the word before: "The an" of "The answer" and "The animal". */
function wholeWords(piece: string, texts: readonly string[], side: "start" | "end"): string {
  const next = (text: string): string => (side === "start" ? text.charAt(piece.length) : text.charAt(text.length - piece.length - 1));
  const border = side === "start" ? piece.at(-1) ?? "" : piece.charAt(0);
  const inWord = /[\p{L}\p{N}]/u;
  if (!inWord.test(border) || !texts.some((text) => (side === "start" ? text.startsWith(piece) : text.endsWith(piece)) && inWord.test(next(text)))) return piece;
  return (side === "start" ? piece.replace(/[\p{L}\p{N}]+$/u, "") : piece.replace(/^[\p{L}\p{N}]+/u, "")).trim();
}
