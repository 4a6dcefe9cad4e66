import type { Example, Skill } from "../../contract/index.js";
import { answerOf, normalised, promptOf } from "../identity.js";
import { median } from "../../stats/index.js";

/** Enough rows to tell; more would only take longer. */
const rowsRead = 1000;
const charactersRead = 4000;

interface Row {
  readonly question: string;
  readonly answer: string;
  readonly questionWords: ReadonlySet<string>;
  readonly answerWords: readonly string[];
}

/**
 * What the answers show the model to be good at, by rules from the narrowest to the widest, with the reason as a sentence.
 * The sentence holds numbers, never text of the data.
 */
export function inferSkill(sample: readonly Example[]): { readonly skill: Skill; readonly reason: string } {
  const examples = sample.length <= rowsRead ? sample : Array.from({ length: rowsRead }, (_, at) => sample[Math.floor((at * sample.length) / rowsRead)]).flatMap((row) => row ?? []);
  if (examples.length === 0) return { skill: "generation", reason: "There are no rows to tell from." };
  const rows = examples.map(readRow);
  const share = (holds: (row: Row, at: number) => boolean): number => rows.filter(holds).length / rows.length;
  const percent = (value: number): string => `${Math.round(value * 100)} %`;

  const choices = share((_, at) => examples[at]?.choices !== undefined);
  if (choices >= 0.9) return { skill: "question-answering", reason: "Every row asks for the right one of several choices." };

  const json = share(({ answer }) => /^\s*[{[]/.test(answer) && isJson(answer));
  if (json >= 0.9) {
    const copied = valuesCopied(rows);
    return { skill: "extraction", reason: copied >= 0.5 ? `The answers are JSON, and ${percent(copied)} of the texts in them stand in the question.` : "The answers are JSON that puts the question into fields." };
  }

  const turns = share((_, at) => (examples[at]?.messages.filter(({ role }) => role === "assistant").length ?? 0) > 1);
  if (turns >= 0.5) return { skill: "dialogue", reason: `${percent(turns)} of the rows are conversations of several turns.` };

  const distinct = new Set(rows.map(({ answer }) => answer.trim())).size;
  const answerLength = median(rows.map(({ answer }) => answer.length));
  if (distinct <= Math.max(2, rows.length / 20) && answerLength <= 120) return { skill: "classification", reason: `The ${rows.length} answers looked at are ${distinct} different ones, so they are labels.` };

  const code = share(({ answer }) => looksLikeCode(answer));
  if (code >= 0.5) return { skill: "code", reason: `${percent(code)} of the answers are program text.` };

  const reasoned = share(({ answer }) => showsSteps(answer));
  if (reasoned >= 0.5) return { skill: "reasoning", reason: `${percent(reasoned)} of the answers go in steps to a result.` };

  const spans = share(({ question, answer }) => answer.trim().length >= 2 && question.length > 2 * answer.length && normalised(question).includes(normalised(answer)));
  if (spans >= 0.6) return { skill: "extraction", reason: `${percent(spans)} of the answers stand word for word in the question.` };

  const overlap = median(rows.map(({ questionWords, answerWords }) => (answerWords.length < 5 ? 0 : answerWords.filter((word) => questionWords.has(word)).length / answerWords.length)));
  if (overlap >= 0.55) return { skill: "rewriting", reason: `In half of the rows at least ${percent(overlap)} of the answer's words come from the question.` };

  const questionLength = median(rows.map(({ question }) => question.length));
  const asked = share(({ question }) => /[?？؟]\s*$/.test(question) || /^\s*(who|what|when|where|which|why|how|is|are|was|does|do|did|can)\b/i.test(question));
  if (asked >= 0.5 && answerLength <= 300) return { skill: "question-answering", reason: `${percent(asked)} of the rows ask a question and the answers are short.` };

  if (questionLength <= 24 && answerLength >= 600) return { skill: "language-modelling", reason: "The requests are a few words and the answers long texts, so it is the language of the texts that is learned." };
  return { skill: "generation", reason: "The answers are free text of many wordings." };
}

function readRow(example: Example): Row {
  const question = promptOf(example).filter(({ role }) => role === "user").map(({ content }) => content).join("\n").slice(-charactersRead);
  const answer = answerOf(example).slice(0, charactersRead);
  return { question, answer, questionWords: new Set(normalised(question).split(" ")), answerWords: normalised(answer).split(" ").filter((word) => word !== "") };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Cut off by `charactersRead`: long, and it began as JSON does.
    return text.length >= charactersRead;
  }
}

/** Share of the texts in the answers' fields that stand in the question. */
function valuesCopied(rows: readonly Row[]): number {
  let all = 0;
  let copied = 0;
  for (const { question, answer } of rows) {
    const asked = normalised(question);
    for (const [, value = ""] of answer.matchAll(/:\s*"([^"\\]{1,200})"/g)) {
      const text = normalised(value);
      if (text === "") continue;
      all += 1;
      if (asked.includes(text)) copied += 1;
    }
  }
  return all === 0 ? 0 : copied / all;
}

function looksLikeCode(answer: string): boolean {
  if (answer.includes("```")) return true;
  const lines = answer.split("\n").filter((line) => line.trim() !== "");
  const marked = lines.filter((line) => /[;{}]\s*$|^\s*(def |class |function |import |from \w+ import|return\b|const |let |var |public |#include|for ?\(|if ?\(|while ?\()|^\s*(select|insert|update|create)\s.+\b(from|into|set|table)\b/i.test(line)).length;
  return lines.length > 0 && marked / lines.length >= 0.4;
}

/** Marks of worked-out answers: numbered steps, a marked result, or several equations. */
function showsSteps(answer: string): boolean {
  return /####\s|\\boxed\{/.test(answer) || (answer.match(/\bstep \d/gi)?.length ?? 0) >= 2 || ((answer.match(/\d\s*=\s*-?\d|=\s*[$€£]?\d/g)?.length ?? 0) >= 2 && answer.length >= 60);
}
