import { moveIds, moves, type MoveId } from "../../contract/index.js";

const filler = new Set(["please", "try", "maybe", "perhaps", "next", "now", "lets", "let", "us", "we", "i", "you", "should", "could", "would", "think", "want", "to", "it", "with", "a", "an", "the", "also", "again", "just", "use", "using", "first", "and", "see"]);

/** Ways in which people name a move, after the words above are left out. */
const phrases: Readonly<Partial<Record<MoveId, RegExp>>> = {
  "learning-rate": /^((another|other|different|lower|higher|smaller|larger|change|raise|reduce) )*(learning )?rate$/,
  "batch-size": /^((another|other|different|lower|higher|smaller|larger|change|bigger) )*(batch( size)?|batches|tokens per step)$/,
  "schedule": /^((another|other|different|change|constant|linear|cosine) )*(learning rate )?schedule$/,
  "rank": /^((another|other|different|lower|higher|smaller|larger|change|more) )*(adapter )?rank$/,
  "targets-all": /^(adapt |train )?(all|every) (linear )?layers?$/,
  "targets-attention": /^(adapt |train )?(only )?attention( layers)?( only)?$/,
  "targets-mlp": /^(adapt |train )?(only )?mlp( layers)?( only)?$/,
  "train-longer": /^(train |training )?(for )?(longer|more epochs|more steps)$/,
  "train-shorter": /^(train |training )?(for )?(shorter|less long|fewer epochs|fewer steps)$/,
  "dropout": /^((add|more|less|change|some|little) )*dropout$/,
  "weight-decay": /^((add|more|less|change|some|little) )*weight decay$/,
  "deduplicate": /^(deduplicate|(remove|drop) (repeated|duplicate|duplicated) rows|(remove|drop) duplicates)( rows| data)?$/,
  "drop-conflicts": /^(remove|drop) (conflicts|conflicting rows|contradicting rows|contradictions)$/,
  "drop-long": /^(remove|drop) (longest|long) (rows|answers)$/,
  "balance-answers": /^balance (answers|classes|labels)$/,
  "halve-data": /^(train on )?half (of )?(rows|data)$/,
  "tune": /^(tune|tune numbers|tune all numbers|let optimiser set (all )?numbers|set all numbers)$/,
  "reallocate-rank": /^(reallocate|move) rank$/,
  "instruction": /^(put task into )?system prompt$/,
  "format-rules": /^((describe|say|state) )?(answer )?format( rules)?$/,
  "other-wording": /^(another|other|different) wording( of instruction)?$/,
  "few-shot": /^(worked |few )?(examples|shots?)( in prompt)?$/,
  "similar-shots": /^similar (worked )?(examples|shots)$/,
  "coverage-shots": /^(worked )?(examples|shots) that cover (all )?(kinds of )?answers$/,
  "train-prompted": /^train with (best )?prompt( in data)?$/,
  "continue-parent": /^continue( (from|training))?( parent( adapter)?)?$/,
};

const mostWords = 12;

/**
 * The move a hint names, if the whole hint is about that one move. A hint is material: it can lift a move that is on the menu
 * a little, and nothing else. A longer text is left to the language model and to people, so that an order
 * hidden in one does not steer the rules.
 */
export function moveOfHint(text: string): MoveId | null {
  const words = text.normalize("NFKC").toLowerCase().replace(/['’]/g, "").split(/[^\p{L}\p{N}-]+/u).filter((word) => word !== "");
  if (words.length === 0 || words.length > mostWords) return null;
  const kept = words.filter((word) => !filler.has(word)).join(" ");
  return moveIds.find((move) => kept === move || kept === withoutFiller(moves[move].title) || phrases[move]?.test(kept) === true) ?? null;
}

function withoutFiller(title: string): string {
  return title.toLowerCase().replace(/['’]/g, "").split(/[^\p{L}\p{N}-]+/u).filter((word) => word !== "" && !filler.has(word)).join(" ");
}
