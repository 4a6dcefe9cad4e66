/**
 * The corpus the demo's base model is trained on from nothing: conversations about other tasks than the demo's. It teaches the
 * chat format, copying, clocks and numbers, and answering in a JSON shape that the system message or earlier turns show.
 */
import { domains } from "./corpus-domains.mjs";
import { smallTalk } from "./corpus-words.mjs";
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
  for (const [fact, key] of shape.names) if (facts[fact] !== undefined) answer[key] = facts[fact];
  return JSON.stringify(answer);
}

function ask(choices, shape) {
  const { say, facts } = shape.domain.make(choices);
  let sentence = choices.chance(0.08) ? mistype(choices, say, (word) => !JSON.stringify(facts).includes(word)) : say;
  if (choices.chance(0.3)) sentence = sentence[0].toUpperCase() + sentence.slice(1);
  if (choices.chance(0.2)) sentence += ".";
  return [{ role: "user", content: sentence }, { role: "assistant", content: answerIn(shape, facts) }];
}

function explain(choices, shapes, other) {
  const lines = shapes.map((shape) => {
    const keys = [...(shape.type === null ? [] : [shape.type]), ...shape.names.values()].join(", ");
    return shape.type === null ? `Answer in JSON with ${keys}.` : `For ${shape.label} answer in JSON with ${keys}.`;
  });
  if (other !== null) lines.push(`Else ${JSON.stringify(other)}.`);
  return choices.pick(["", "You read requests. ", "You are a helpful assistant. ", "Turn what people say into strict JSON. "]) + lines.join(" ");
}

/**
 * Sentences of one or several domains and what they say as JSON. With several, a type field tells them apart and idle talk
 * has its own answer. Without a system message nobody can know a shape before its first answer: that one is not learned.
 */
function extraction(choices) {
  const count = choices.weighted([[3, 1], [3, 2], [3, 3], [2, 4]]);
  let shapes = choices.some(entries, count).map((entry) => shapeOf(choices, entry));
  let other = null;
  if (count > 1) {
    const type = choices.pick(["type", "kind", "task", "topic", "do"]);
    shapes = shapes.map((shape) => ({ ...shape, type: [...shape.names.values()].includes(type) ? `${type}_of` : type, label: choices.pick(shape.domain.types) }));
    if (choices.chance(0.6)) other = { [type]: choices.pick(["other", "nothing", "talk", "unclear"]) };
  }
  const explained = choices.chance(0.45);
  const messages = explained ? [{ role: "system", content: explain(choices, shapes, other) }] : [];
  const met = new Set();
  for (let turn = choices.between(2, 7); turn > 0; turn -= 1) {
    const shape = other !== null && choices.chance(0.15) ? null : choices.pick(shapes);
    const [question, answer] = shape === null ? [{ role: "user", content: choices.pick(smallTalk) }, { role: "assistant", content: JSON.stringify(other) }] : ask(choices, shape);
    messages.push(question, explained || met.has(shape) ? answer : { ...answer, unknowable: true });
    met.add(shape);
  }
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

export const makeConversation = (choices) => (choices.chance(0.6) ? extraction(choices) : skill(choices));
