/**
 * The corpus the demo's base model is trained on from nothing: conversations about other tasks than the demo's. It teaches the
 * chat format, copying, clocks and numbers, and answering in a JSON shape that the system message or earlier turns show.
 */
import { domains } from "./corpus-domains.mjs";
import { skills } from "./corpus-skills.mjs";
import { mistype } from "./phrases.mjs";

const entries = Object.entries(domains);

/** One conversation's own shape for a domain: which facts, under which names, with or without a type field. */
function shapeOf(choices, [name, domain]) {
  const all = Object.keys(domain.keys);
  const kept = choices.chance(0.7) ? all : all.filter((fact) => fact === all[0] || choices.chance(0.5));
  const ordered = choices.chance(0.6) ? kept : choices.shuffle(kept);
  const names = new Map();
  for (const fact of ordered) {
    const free = domain.keys[fact].filter((key) => ![...names.values()].includes(key));
    names.set(fact, choices.pick(free.length > 0 ? free : [fact]));
  }
  const type = choices.chance(0.5) ? choices.pick(["type", "kind", "task", "topic", "do"].filter((key) => ![...names.values()].includes(key))) : null;
  return { name, domain, names, type, label: choices.pick(domain.types) };
}

function answerIn(shape, facts) {
  const answer = shape.type === null ? {} : { [shape.type]: shape.label };
  for (const [fact, key] of shape.names) answer[key] = facts[fact];
  return JSON.stringify(answer);
}

function ask(choices, shape) {
  const { say, facts } = shape.domain.make(choices);
  let sentence = choices.chance(0.08) ? mistype(choices, say, (word) => !JSON.stringify(facts).includes(word)) : say;
  if (choices.chance(0.3)) sentence = sentence[0].toUpperCase() + sentence.slice(1);
  if (choices.chance(0.2)) sentence += ".";
  return [{ role: "user", content: sentence }, { role: "assistant", content: answerIn(shape, facts) }];
}

function explain(choices, shapes) {
  const lines = shapes.map((shape) => {
    const keys = [...(shape.type === null ? [] : [shape.type]), ...shape.names.values()].join(", ");
    return shape.type === null ? `Answer in JSON with ${keys}.` : `For ${shape.label} answer in JSON with ${keys}.`;
  });
  return choices.pick(["", "You read requests. ", "You are a helpful assistant. ", "Turn what people say into strict JSON. "]) + lines.join(" ");
}

/** Several domains in one conversation: the type field then tells them apart, as commands of one assistant would. */
function extraction(choices) {
  const count = choices.weighted([[4, 1], [3, 2], [3, 3]]);
  let shapes = choices.some(entries, count).map((entry) => shapeOf(choices, entry));
  if (count > 1) {
    const type = choices.pick(["type", "kind", "task", "topic", "do"]);
    shapes = shapes.map((shape) => ({ ...shape, type: [...shape.names.values()].includes(type) ? `${type}_of` : type, label: choices.pick(shape.domain.types) }));
  }
  const messages = choices.chance(0.45) ? [{ role: "system", content: explain(choices, shapes) }] : [];
  const turns = choices.between(2, 6);
  for (let turn = 0; turn < turns; turn += 1) messages.push(...ask(choices, choices.pick(shapes)));
  return messages;
}

function skill(choices) {
  const messages = choices.chance(0.15) ? [{ role: "system", content: choices.pick(["You are a helpful assistant.", "Answer in one line.", "Be brief."]) }] : [];
  const same = choices.chance(0.3) ? choices.weighted(skills) : null;
  for (let turn = choices.between(2, 7); turn > 0; turn -= 1) {
    const [question, answer] = (same ?? choices.weighted(skills))(choices);
    messages.push({ role: "user", content: question }, { role: "assistant", content: answer });
  }
  return messages;
}

export const makeConversation = (choices) => (choices.chance(0.55) ? extraction(choices) : skill(choices));
