import { z } from "zod";

/** One training or test row after import, whatever file format it came from. */
export const messageSchema = z.object({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
});
export type Message = z.infer<typeof messageSchema>;

export const exampleSchema = z.object({
  /** First 16 hex digits of the SHA-256 of the messages: equal rows have equal ids. */
  id: z.string(),
  /** Ends with the assistant message that is to be learned. */
  messages: z.array(messageSchema).min(2),
  /** Multiple choice: the options, and which is right. The last message then holds the right option's text. */
  choices: z.array(z.string()).min(2).optional(),
  answerIndex: z.number().int().nonnegative().optional(),
  /** 1-based row in the imported file. */
  sourceRow: z.number().int().positive(),
});
export type Example = z.infer<typeof exampleSchema>;

export const dataFormats = ["openai-chat", "alpaca", "csv", "prompt-completion", "multiple-choice"] as const;
export type DataFormat = (typeof dataFormats)[number];

/** What was read and what was not, row by row: nothing is dropped silently. */
export const importReportSchema = z.object({
  path: z.string(),
  format: z.enum(dataFormats),
  rows: z.number().int(),
  accepted: z.number().int(),
  rejected: z.array(z.object({ reason: z.string(), count: z.number().int(), firstRow: z.number().int() })),
  duplicates: z.number().int(),
  conflicts: z.number().int().describe("rows with the same prompt and different answers"),
  encoding: z.string(),
  sha256: z.string(),
  /** Longest and median answer, in characters. */
  answerCharacters: z.object({ median: z.number(), longest: z.number() }),
  answersAreJson: z.boolean(),
  answersAreChoices: z.boolean(),
  columns: z.array(z.string()),
});
export type ImportReport = z.infer<typeof importReportSchema>;

export const splitNames = ["train", "dev-search", "dev-select", "vault"] as const;
export type SplitName = (typeof splitNames)[number];
export type SplitSizes = Readonly<Record<SplitName, number>>;
