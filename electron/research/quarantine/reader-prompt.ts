import { readPrompt, type PromptFile } from "../../agents/index.js";
import type { Result } from "../../contract/index.js";

export type ReaderPrompt = PromptFile;

/** `resources/prompts/reader.md`. Error: ENV `prompt.unreadable`. */
export const loadReaderPrompt = async (directory: string): Promise<Result<ReaderPrompt>> => await readPrompt(directory, "reader");
