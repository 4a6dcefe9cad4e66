import type { Situation } from "./situation.js";
import { vote, type Vote } from "./vote.js";

export function mendTheData({ context, parent, noise }: Situation): readonly Vote[] {
  const conflicts = context.conflicts / Math.max(1, context.trainRows);
  const duplicates = context.duplicates / Math.max(1, context.trainRows);
  const balanced = context.metric === "multiple-choice" || context.skill === "classification";
  return [
    ...(context.conflicts > 0 ? [vote("drop-conflicts", conflicts >= 0.05 ? 6 : conflicts >= 0.01 ? 4 : 1.5, `${context.conflicts} rows ask the same and answer differently; no model can learn both.`)] : []),
    ...(context.duplicates > 0 ? [vote("deduplicate", duplicates >= 0.2 ? 5.5 : duplicates >= 0.05 ? 3 : 1.2, `${context.duplicates} repeated rows weigh more than the others.`)] : []),
    vote("drop-long", 0.5, "The longest rows take most of the time and are often the odd ones."),
    vote("balance-answers", balanced ? 1.5 : 0.6, "Rare answers may be drowned by common ones."),
    // An equal-sized random control tells what a data set's size is worth (field/reliability.md 7).
    vote("halve-data", 0.3, `If half the rows do as well as ${parent.id}, time is better spent on more steps.`, [parent.id], { figure: "score", change: "same", by: Number((2 * noise).toPrecision(2)) }),
  ];
}

/** What kept failing says where ability is missing; shares are of all dev-search items. */
export function followTheFailures({ parent, failing }: Situation): readonly Vote[] {
  const from = [parent.id];
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const votes: Vote[] = [];
  const field = failing("wrong-field");
  if (field >= 0.1) {
    votes.push(
      vote("similar-shots", 2, `${percent(field)} of the answers of ${parent.id} have a wrong field: rows like the question show how it is filled.`, from),
      vote("balance-answers", 1.8, `${percent(field)} of the answers of ${parent.id} have a wrong field: rare values may be what it misses.`, from),
      vote("coverage-shots", 1.5, `${percent(field)} of the answers of ${parent.id} have a wrong field: examples of every kind would show it.`, from),
      vote("rank", 1.2, `${percent(field)} of the answers of ${parent.id} have a wrong field: the adapter may lack room.`, from),
    );
  }
  const form = Math.max(failing("empty"), failing("too-long"));
  if (form >= 0.1) {
    votes.push(
      vote("format-rules", 3, `${percent(form)} of the answers of ${parent.id} are empty or do not end: the form has to be said.`, from),
      vote("instruction", 2.2, `${percent(form)} of the answers of ${parent.id} are empty or do not end: the task has to be said.`, from),
      vote("train-longer", 2.2, `${percent(form)} of the answers of ${parent.id} are empty or do not end: ends are learned by practice.`, from),
    );
  }
  const choice = failing("wrong-choice");
  if (choice >= 0.15) {
    votes.push(
      vote("balance-answers", 2.5, `${percent(choice)} of the choices of ${parent.id} are wrong: common answers may drown the rare ones.`, from),
      vote("coverage-shots", 1.5, `${percent(choice)} of the choices of ${parent.id} are wrong: one example of each would show them apart.`, from),
    );
  }
  const near = failing("near-miss");
  if (near >= 0.1) votes.push(vote("train-longer", 1.8, `${percent(near)} of the answers of ${parent.id} are nearly right: a little more practice may do.`, from), vote("tune", 1.8, `${percent(near)} of the answers of ${parent.id} are nearly right: finer numbers may do.`, from));
  return votes;
}

export function followTheFormat({ context, parent, jsonValid, failing }: Situation): readonly Vote[] {
  const valid = jsonValid ?? (failing("invalid-json") > 0 ? 1 - failing("invalid-json") : null);
  if (!context.answersAreJson || valid === null) return [];
  const from = [parent.id];
  const share = Math.round(valid * 100);
  const better = jsonValid === null ? null : ({ figure: "jsonValid", change: "up", by: 0.03 } as const);
  if (valid < 0.95) {
    return [
      vote("format-rules", 4, `Only ${share} % of the answers of ${parent.id} have the right form: saying the form in the prompt is the cheapest remedy.`, from, better),
      vote("train-longer", 3, `Only ${share} % of the answers of ${parent.id} have the right form; form is learned by practice.`, from, better),
      vote("instruction", 2.2, `Only ${share} % of the answers of ${parent.id} have the right form; saying the task may help.`, from, better),
      vote("few-shot", 1.6, `Only ${share} % of the answers of ${parent.id} have the right form; examples show it.`, from, better),
    ];
  }
  return [
    vote("rank", 1.2, `The form of ${parent.id} is right and its content is not: it may lack room.`, from),
    vote("balance-answers", 1, `The form of ${parent.id} is right; rare values may be what it misses.`, from),
  ];
}
