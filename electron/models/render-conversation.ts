import { randomBytes } from "node:crypto";
import { fail, ok, type Message, type Result, type TextSegment } from "../contract/index.js";
import { renderBounded, TemplateError } from "./bounded-jinja.js";

export interface RenderOptions {
  /** Ends with the opening of an assistant turn, ready for the model's answer. */
  readonly addGenerationPrompt: boolean;
  readonly bosToken: string;
  readonly eosToken: string;
}

/**
 * For models without a template: role names on lines of their own, no control tokens, a blank line between turns.
 * Only the end-of-sequence text that closes an assistant turn is special.
 */
const plainTemplate = "{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}\n\n{% elif message.role == 'user' %}User: {{ message.content }}\n{% else %}Assistant:{{ ' ' }}{{ message.content }}{{ eos_token }}\n{% endif %}{% endfor %}{% if add_generation_prompt %}Assistant:{{ ' ' }}{% endif %}";

/**
 * Lays a conversation out as the model's own chat template does and keeps apart what the template wrote (scaffold,
 * may become control tokens) from what people wrote (content, never may). Each message's text travels through the
 * template as an unguessable word, and the rendered text is cut at these words.
 *
 * Templates that refuse a system message get it as the beginning of the first user message. A `null` template means
 * the plain layout above. Errors: CONFIG `template.failed` or `template.loses_text`.
 */
export function renderConversation(template: string | null, messages: readonly Message[], options: RenderOptions): Result<TextSegment[]> {
  const first = renderOnce(template ?? plainTemplate, messages, options);
  if (first.ok) return first;
  const folded = foldSystem(messages);
  if (folded === null) return first;
  const second = renderOnce(template ?? plainTemplate, folded, options);
  return second.ok ? second : first;
}

/** null when there is no system message to fold, or nothing to fold it into. */
function foldSystem(messages: readonly Message[]): Message[] | null {
  const [system, user, ...rest] = messages;
  if (system?.role !== "system" || user?.role !== "user") return null;
  return [{ role: "user", content: `${system.content}\n\n${user.content}` }, ...rest];
}

/** What the template wrote before, between and after the messages, or why it could not. */
interface Laid { readonly scaffold: string[]; readonly order: number[] }

function renderOnce(template: string, messages: readonly Message[], options: RenderOptions): Result<TextSegment[]> {
  const parts = messages.map((message) => splitBlanks(message.content));
  const bare = layOut(template, messages, parts.map((part) => ({ before: "", after: "", isBlank: part.core === "" })), options);
  if (!bare.ok) return bare;
  const lost = parts.findIndex((part, index) => part.core !== "" && !bare.value.order.includes(index));
  if (lost >= 0) return fail("CONFIG", "template.loses_text", `The model's chat template leaves out the ${messages[lost]?.role ?? ""} message.`, "Choose another model or put the text into the user message.");

  // White space around a text: a second layout shows whether this template keeps it or trims it.
  const hasBlanks = parts.some((part) => part.before !== "" || part.after !== "");
  const full = hasBlanks ? layOut(template, messages, parts.map((part) => ({ ...part, isBlank: part.core === "" })), options) : bare;
  if (!full.ok) return full;
  const sameOrder = full.value.order.join() === bare.value.order.join();

  const segments: TextSegment[] = [];
  for (const [position, index] of bare.value.order.entries()) {
    const part = parts[index];
    const role = messages[index]?.role;
    if (part === undefined) continue;
    let scaffold = bare.value.scaffold[position] ?? "";
    let content = part.core;
    if (sameOrder) {
      if (part.before !== "" && (full.value.scaffold[position] ?? "").length > scaffold.length && (full.value.scaffold[position] ?? "").endsWith(part.before)) content = part.before + content;
      const [after, afterBare] = [full.value.scaffold[position + 1] ?? "", bare.value.scaffold[position + 1] ?? ""];
      if (part.after !== "" && after.length > afterBare.length && after.startsWith(part.after)) content += part.after;
    }
    if (role !== "assistant") {
      // A tokenizer joins a space with the word after it; an answer, though, starts where its prompt ended.
      const blanks = /\s*$/.exec(scaffold)?.[0] ?? "";
      scaffold = scaffold.slice(0, scaffold.length - blanks.length);
      content = blanks + content;
    }
    push(segments, { text: scaffold, special: true });
    push(segments, { text: content, special: false });
  }
  push(segments, { text: bare.value.scaffold.at(-1) ?? "", special: true });
  return ok(segments);
}

function splitBlanks(content: string): { before: string; core: string; after: string } {
  const core = content.trim();
  const start = content.indexOf(core);
  return core === "" ? { before: "", core, after: "" } : { before: content.slice(0, start), core, after: content.slice(start + core.length) };
}

function layOut(template: string, messages: readonly Message[], around: readonly { before: string; after: string; isBlank: boolean }[], options: RenderOptions): Result<Laid> {
  const secret = randomBytes(12).toString("hex");
  const disguised = messages.map((message, index) => {
    const place = around[index];
    return { role: message.role, content: place === undefined || place.isBlank ? "" : `${place.before}x${secret}n${index}x${place.after}` };
  });
  try {
    const text = renderBounded(template, {
      messages: disguised, add_generation_prompt: options.addGenerationPrompt, bos_token: options.bosToken, eos_token: options.eosToken,
      // Reasoning models answer at once; tools are not offered.
      enable_thinking: false, tools: null,
    });
    const scaffold: string[] = [];
    const order: number[] = [];
    let from = 0;
    for (const match of text.matchAll(new RegExp(`x${secret}n(\\d+)x`, "g"))) {
      scaffold.push(text.slice(from, match.index));
      order.push(Number(match[1]));
      from = match.index + match[0].length;
    }
    scaffold.push(text.slice(from));
    return ok({ scaffold, order });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return fail("CONFIG", "template.failed", `The model's chat template cannot lay out this conversation: ${printable(error.message)}.`, "Check that user and assistant messages alternate, or choose another model.");
  }
}

function push(segments: TextSegment[], segment: TextSegment): void {
  if (segment.text !== "") segments.push(segment);
}

function printable(text: string): string {
  return text.replace(/[\p{C}]+/gu, " ").trim().replace(/\.$/, "").slice(0, 200);
}
