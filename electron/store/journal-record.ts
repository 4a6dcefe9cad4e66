import { createHash } from "node:crypto";
import { fail, journalEventSchema, ok, type JournalEvent, type JournalRecord, type Result } from "../contract/index.js";

/**
 * The line format, a contract: `{"sequence":1,"time":"…","event":{…},"checksum":"16 hex digits"}`. The checksum is the
 * first 64 bits of the SHA-256 of the line's JSON without the checksum field, byte for byte as it stands in the file.
 */
const checksumDigits = 16;
const ending = /,"checksum":"([0-9a-f]{16})"\}$/;
const endingBytes = `,"checksum":"${"0".repeat(checksumDigits)}"}`.length;

const checksumOf = (body: string | Uint8Array): string => createHash("sha256").update(body).digest("hex").slice(0, checksumDigits);

/** The line without its break. */
export function encodeRecord(record: JournalRecord): string {
  const body = JSON.stringify({ sequence: record.sequence, time: record.time, event: record.event });
  return `${body.slice(0, -1)},"checksum":"${checksumOf(body)}"}`;
}

/**
 * The event as reading the journal back would give it. NaN and Infinity become null in JSON: such an event is refused
 * before it is written, because afterwards the whole journal could not be opened.
 */
export function normaliseEvent(event: JournalEvent): Result<JournalEvent> {
  const parsed = journalEventSchema.safeParse(JSON.parse(JSON.stringify(event)));
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return fail("INTERNAL", "journal.event_invalid", `The event ${event.type} cannot be recorded: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}. Nothing was written.`);
}

export type DecodedLine =
  /** The bytes are not a whole line of ours: torn or changed. */
  | { readonly kind: "damaged" }
  /** Whole, as its checksum proves, but not readable by this version. */
  | { readonly kind: "foreign"; readonly why: string }
  | { readonly kind: "record"; readonly record: JournalRecord };

export function decodeRecord(bytes: Buffer): DecodedLine {
  if (bytes.length <= endingBytes) return { kind: "damaged" };
  const cut = bytes.length - endingBytes;
  const found = ending.exec(bytes.toString("latin1", cut));
  const body = Buffer.concat([bytes.subarray(0, cut), Buffer.from("}")]);
  if (found?.[1] === undefined || found[1] !== checksumOf(body)) return { kind: "damaged" };
  const value = JSON.parse(body.toString("utf8")) as { sequence?: unknown; time?: unknown; event?: { type?: unknown } };
  if (typeof value.sequence !== "number" || typeof value.time !== "string") return { kind: "foreign", why: "it has no sequence or time" };
  const event = journalEventSchema.safeParse(value.event);
  if (!event.success) {
    const issue = event.error.issues[0];
    const type = typeof value.event?.type === "string" ? value.event.type.slice(0, 60) : "unknown";
    return { kind: "foreign", why: `its event "${type}" is not known in this form (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})` };
  }
  return { kind: "record", record: { sequence: value.sequence, time: value.time, event: event.data } };
}
