import { z } from "zod";
import { documentKinds, failureClasses } from "../../../contract/index.js";
import { readingSchema } from "../../quarantine/reading.js";
import { extractedDocumentSchema } from "../extracted-document.js";

/** Between the host and the reader's process. Both ends check: the reader parses hostile files, nothing it says is taken on trust. */
export const toReaderSchema = z.object({ id: z.number().int(), kind: z.enum(documentKinds), bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array) });
export type ToReader = z.infer<typeof toReaderSchema>;

export const fromReaderSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("document"), id: z.number().int(), document: extractedDocumentSchema, reading: readingSchema }),
  z.object({ type: z.literal("failure"), id: z.number().int(), failure: z.object({ class: z.enum(failureClasses), code: z.string(), message: z.string(), hint: z.string() }) }),
]);
export type FromReader = z.infer<typeof fromReaderSchema>;
