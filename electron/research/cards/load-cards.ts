import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { cardSchema, fail, numericFields, ok, type Card, type Result } from "../../contract/index.js";
import { failureOfIo, readJson } from "../../store/index.js";

/**
 * The cards that ship with the app: every `*.json` of the folder, each a list of cards. One wrong card fails the whole, with
 * its file's name: what ships is right or it does not ship.
 */
export async function loadBuiltInCards(directory: string): Promise<Result<readonly Card[]>> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => name.endsWith(".json")).sort();
  } catch (error) {
    return { ok: false, error: failureOfIo(error, `Cannot read the knowledge cards in ${directory}`) };
  }
  const fileOf = new Map<string, string>();
  const cards: Card[] = [];
  for (const name of names) {
    const read = await readJson(path.join(directory, name), z.array(cardSchema));
    if (!read.ok) return read;
    for (const card of read.value) {
      const wrong = problemOf(card, fileOf.get(card.id));
      if (wrong !== null) return fail("CONFIG", "cards.wrong", `The knowledge card "${card.id}" in ${name} ${wrong}.`, "Install the app again.");
      fileOf.set(card.id, name);
      cards.push(card);
    }
  }
  return ok(cards);
}

function problemOf(card: Card, otherFile: string | undefined): string | null {
  if (otherFile !== undefined) return `is in ${otherFile} too`;
  if (card.kind !== "built-in") return `is of kind "${card.kind}"`;
  for (const effect of card.effects) {
    if (effect.kind !== "number") continue;
    const { minimum, maximum } = numericFields[effect.field];
    if (effect.centre < minimum || effect.centre > maximum) return `gives ${effect.field} a value outside of ${minimum} to ${maximum}`;
  }
  return null;
}
