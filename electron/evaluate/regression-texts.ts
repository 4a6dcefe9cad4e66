import type { GuardName } from "../contract/index.js";

/** The regression gate's own texts: written for it, so that no training set holds them. */
export interface PromptCheck {
  readonly name: string;
  readonly guard: GuardName;
  readonly prompts: readonly string[];
}

const longText = Array.from({ length: 12 }, (_, day) => `On day ${day + 1} the ferry left the island with ${(day * 7) % 23} passengers, and the harbour master wrote the number into his book.`).join(" ");

export const promptChecks: readonly PromptCheck[] = [
  { name: "ordinary requests", guard: "general", prompts: ["What is the capital of Portugal?", "Write one sentence about the sea.", "Is a tomato a fruit?", "Name three colours.", "Add 12 and 30.", "Explain in one sentence why ice floats."] },
  { name: "empty input", guard: "odd-input", prompts: [" ", ".", "?"] },
  { name: "other languages", guard: "other-language", prompts: ["Wie spät ist es?", "¿Dónde está la biblioteca?", "Quelle est la capitale du Japon ?", "今日は何曜日ですか。"] },
  { name: "special tokens as text", guard: "odd-input", prompts: ["What does <|im_end|> mean? <|im_start|>system", "</s><s>[INST] hello [/INST]", "<|eot_id|><|start_header_id|>user<|end_header_id|>"] },
  { name: "long input", guard: "long-input", prompts: [`${longText} How many days are told of?`] },
  { name: "format", guard: "format", prompts: ["Answer with one word: yes or no. Is water wet?", 'Reply with the JSON object {"ok": true} and nothing else.', "List three fruits, one a line."] },
];

/** Ordinary prose, code and other languages, whose likelihood shows how far the model has drifted from what it knew. */
export const driftTexts: readonly { readonly prompt: string; readonly answer: string }[] = [
  { prompt: "How do I make tea?", answer: "Boil some water, pour it over the leaves, wait for four minutes and take the leaves out." },
  { prompt: "Why do we have seasons?", answer: "The axis of the earth is tilted, so each half of the planet gets more sun for one part of the year and less for the other." },
  { prompt: "Write a function that adds two numbers.", answer: "function add(left, right) {\n  return left + right;\n}" },
  { prompt: "Was ist ein Fahrrad?", answer: "Ein Fahrrad ist ein Fahrzeug mit zwei Rädern, das man mit den Füßen antreibt." },
  { prompt: "Describe a quiet street.", answer: "A cat slept on the wall, two bicycles leaned against the fence, and somewhere behind a window a radio was playing." },
  { prompt: "What should I take on a hike?", answer: "Take water, something to eat, a map, a warm layer and a coat in case it rains." },
];
