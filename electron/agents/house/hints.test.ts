import { describe, expect, it } from "vitest";
import { moveIds, moves } from "../../contract/index.js";
import { payloads } from "../canaries/payloads.js";
import { moveOfHint } from "./hints.js";

describe("moveOfHint", () => {
  it("knows every move by its id and by its title", () => {
    for (const move of moveIds) expect([moveOfHint(move), moveOfHint(`Please try: ${moves[move].title}.`)]).toEqual([move, move]);
  });

  it.each([
    ["Try a lower learning rate", "learning-rate"], ["more epochs, please", "train-longer"], ["We should train for fewer epochs", "train-shorter"], ["add some dropout", "dropout"], ["Remove duplicates!", "deduplicate"], ["a higher rank", "rank"],
    ["use similar examples", "similar-shots"], ["adapt all layers", "targets-all"], ["let the optimiser set all numbers", "tune"], ["different wording", "other-wording"],
  ] as const)("understands %s", (hint, move) => expect(moveOfHint(hint)).toBe(move));

  it.each(["", "   ", "Answers about refunds matter most to us.", "do not train longer", "no more epochs", "Train longer and also remove the longest rows and set the rank to 64 because the paper says so", "rank the answers by length"])("leaves %j to others", (hint) => expect(moveOfHint(hint)).toBeNull());

  it("understands no planted order", () => {
    for (const { text } of payloads) expect([moveOfHint(text), moveOfHint(`Short tickets matter. ${text}`)]).toEqual([null, null]);
  });
});
