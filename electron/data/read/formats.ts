import type { DataFormat, Message } from "../../contract/index.js";
import { fieldsOf, firstOf, keyOf, own, textOf, type Fields } from "./fields.js";

/** What one record means in one format, or why it means nothing there. */
export type Converted =
  | { readonly ok: true; readonly messages: readonly Message[]; readonly choices?: readonly string[]; readonly answerIndex?: number }
  | { readonly ok: false; readonly reason: string };

export interface Format {
  readonly name: DataFormat;
  /** What a record needs, for the sentence that says it is missing. */
  readonly needs: string;
  readonly convert: (value: unknown) => Converted;
}

const reject = (reason: string): Converted => ({ ok: false, reason });
const noObject = "not an object";

export const promptNames = ["prompt", "question", "input", "instruction", "user", "request", "query", "text", "source"] as const;
export const answerNames = ["completion", "answer", "output", "response", "label", "target", "assistant", "reply", "category"] as const;

const roles: ReadonlyMap<string, Message["role"]> = new Map([["system", "system"], ["developer", "system"], ["user", "user"], ["human", "user"], ["assistant", "assistant"], ["gpt", "assistant"], ["model", "assistant"]]);

/** A turn's text; a list of text parts is joined, anything else in the list (pictures, tool calls) is refused. */
function contentOf(value: unknown): string | null {
  if (!Array.isArray(value)) return typeof value === "string" ? value.toWellFormed() : null;
  const parts = value.map((part) => (typeof part === "string" ? part : own(fieldsOf(part) ?? {}, "text")));
  return parts.every((part) => typeof part === "string") ? parts.join("").toWellFormed() : null;
}

function fromTurns(turns: unknown, roleName: string, contentName: string): Converted {
  if (!Array.isArray(turns) || turns.length === 0) return reject("no messages");
  const messages: Message[] = [];
  for (const turn of turns as unknown[]) {
    const fields = fieldsOf(turn);
    if (fields === null) return reject("a message that is not an object");
    const role = roles.get(String(own(fields, roleName)));
    if (role === undefined) return reject("a role other than system, user and assistant");
    const content = contentOf(own(fields, contentName));
    if (content === null) return reject("a message without text");
    messages.push({ role, content });
  }
  return checked(messages);
}

/** The rules every format's rows obey in the end. */
function checked(messages: readonly Message[], extra: { choices?: readonly string[]; answerIndex?: number } = {}): Converted {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return reject("does not end with an answer");
  if (last.content.trim() === "") return reject("the answer is empty");
  const talk = messages[0]?.role === "system" ? messages.slice(1) : messages;
  if (talk[0]?.role !== "user") return reject("does not begin with a request");
  for (const [at, message] of talk.entries()) {
    if (message.role !== (at % 2 === 0 ? "user" : "assistant")) return reject("user and assistant do not take turns");
    if (message.content.trim() === "") return reject(message.role === "user" ? "the request is empty" : "the answer is empty");
  }
  return { ok: true, messages, ...extra };
}

const withSystem = (system: unknown, messages: readonly Message[]): Message[] => {
  const text = textOf(system);
  return text === null || text.trim() === "" ? [...messages] : [{ role: "system", content: text }, ...messages];
};

const openAiChat: Format = {
  name: "openai-chat",
  needs: "messages (a list of objects with role and content)",
  convert: (value) => {
    const fields = fieldsOf(value);
    if (fields === null) return reject(noObject);
    if (Object.hasOwn(fields, "messages")) return fromTurns(own(fields, "messages"), "role", "content");
    return Object.hasOwn(fields, "conversations") ? fromTurns(own(fields, "conversations"), "from", "value") : reject("no field messages");
  },
};

const alpaca: Format = {
  name: "alpaca",
  needs: "instruction and output",
  convert: (value) => {
    const fields = fieldsOf(value);
    if (fields === null) return reject(noObject);
    const instruction = textOf(firstOf(fields, ["instruction"]));
    const output = textOf(firstOf(fields, ["output", "response"]));
    if (instruction === null) return reject("no field instruction");
    if (output === null) return reject("no field output");
    const input = textOf(firstOf(fields, ["input"]));
    const messages: Message[] = [];
    const history = own(fields, "history");
    for (const pair of Array.isArray(history) ? (history as unknown[]) : []) {
      const [question, answer] = Array.isArray(pair) ? (pair as unknown[]) : [];
      if (typeof question !== "string" || typeof answer !== "string") return reject("a history that is not a list of pairs of text");
      messages.push({ role: "user", content: question.toWellFormed() }, { role: "assistant", content: answer.toWellFormed() });
    }
    messages.push({ role: "user", content: input === null || input.trim() === "" ? instruction : `${instruction}\n${input}` }, { role: "assistant", content: output });
    return checked(withSystem(own(fields, "system"), messages));
  },
};

function promptAndAnswer(value: unknown): Converted {
  const fields = fieldsOf(value);
  if (fields === null) return reject(noObject);
  const promptKey = keyOf(fields, promptNames);
  const answerKey = keyOf(fields, answerNames);
  if (promptKey === null) return reject("no field for the request");
  if (answerKey === null) return reject("no field for the answer");
  const prompt = textOf(own(fields, promptKey));
  const answer = textOf(own(fields, answerKey));
  if (prompt === null) return reject("a request that is not text");
  if (answer === null) return reject("an answer that is not text");
  return checked(withSystem(firstOf(fields, ["system"]), [{ role: "user", content: prompt }, { role: "assistant", content: answer }]));
}

const promptCompletion: Format = { name: "prompt-completion", needs: "prompt and completion", convert: promptAndAnswer };

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];

const multipleChoice: Format = {
  name: "multiple-choice",
  needs: "question, choices (a list) and answer (an index from 0 or a letter)",
  convert: (value) => {
    const fields = fieldsOf(value);
    if (fields === null) return reject(noObject);
    const question = textOf(firstOf(fields, ["question", "prompt", "input", "query"]));
    const choices = choicesOf(fields);
    if (question === null) return reject("no field question");
    if (choices === null) return reject("no list of at least two choices");
    const answerIndex = answerIndexOf(firstOf(fields, ["answer", "answerkey", "answer_index", "answer_idx", "label", "gold", "correct", "target"]), choices);
    if (answerIndex === null) return reject("an answer that is none of the choices");
    const listed = choices.map((choice, at) => `${String.fromCharCode(65 + at)}. ${choice}`).join("\n");
    return checked([{ role: "user", content: `${question}\n${listed}` }, { role: "assistant", content: choices[answerIndex] ?? "" }], { choices, answerIndex });
  },
};

/** A list, ARC's `{text, label}`, or the columns a, b, c, d of a table. */
function choicesOf(fields: Fields): string[] | null {
  const given = firstOf(fields, ["choices", "options", "answers"]);
  const list = Array.isArray(given) ? (given as unknown[]) : own(fieldsOf(given) ?? {}, "text");
  const values = Array.isArray(list) ? (list as unknown[]) : letters.map((letter) => firstOf(fields, [letter, `option_${letter}`, `choice_${letter}`])).filter((cell) => cell !== undefined && cell !== "");
  const texts = values.map(textOf);
  return texts.length >= 2 && texts.length <= 26 && texts.every((text) => text !== null && text.trim() !== "") && new Set(texts).size === texts.length ? (texts as string[]) : null;
}

function answerIndexOf(answer: unknown, choices: readonly string[]): number | null {
  const inside = (index: number) => (Number.isInteger(index) && index >= 0 && index < choices.length ? index : null);
  if (typeof answer === "number") return inside(answer);
  if (typeof answer !== "string") return null;
  const exact = choices.indexOf(answer);
  if (exact >= 0) return exact;
  const short = answer.trim().replace(/[.)]$/, "").toLowerCase();
  if (/^[a-z]$/.test(short)) return inside(short.charCodeAt(0) - 97);
  return /^\d+$/.test(short) ? inside(Number(short)) : null;
}

/** A table's row may be any of the others. */
const csv: Format = {
  name: "csv",
  needs: `a column for the request (${promptNames.slice(0, 4).join(", ")}) and one for the answer (${answerNames.slice(0, 5).join(", ")})`,
  convert: (value) => {
    const fields = fieldsOf(value);
    if (fields !== null && keyOf(fields, ["instruction"]) !== null && keyOf(fields, ["output"]) !== null) return alpaca.convert(value);
    return promptAndAnswer(value);
  },
};

/** Most particular first: equal scores go to the earlier one. */
export const jsonFormats: readonly Format[] = [openAiChat, multipleChoice, alpaca, promptCompletion];
export const tableFormats: readonly Format[] = [multipleChoice, csv];
