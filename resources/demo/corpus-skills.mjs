/** Small skills with plain answers: copying, finding, numbers and clocks, repairing typos, reading JSON. No task of the demo is among them. */
import { animals, chores, cities, colours, fields, groceries, music, nouns, people, rooms, smallTalk, things } from "./corpus-words.mjs";
import { mistype, numberInWords, sayDuration, sayTime } from "./phrases.mjs";

const syllables = ["ba", "de", "ki", "lo", "mu", "na", "po", "ra", "si", "tu", "ve", "zo", "fen", "gar", "hil", "jo", "pel", "quo", "wes", "yam"];
const invented = (choices) => Array.from({ length: choices.between(2, 3) }, () => choices.pick(syllables)).join("");
const word = (choices) => choices.weighted([[4, () => choices.pick(nouns)], [2, () => invented(choices)], [1, () => choices.pick(people)], [1, () => choices.pick(chores)], [1, () => String(choices.between(0, 999))]])();
const words = (choices, low, high) => Array.from({ length: choices.between(low, high) }, () => word(choices)).join(" ");
const scalar = (choices) => choices.weighted([[3, () => choices.pick(nouns)], [1, () => choices.pick(cities)], [1, () => choices.pick(chores)], [1, () => invented(choices)], [2, () => choices.between(0, 100)], [1, () => sayTime(choices).time]])();
const object = (choices, count) => Object.fromEntries(choices.some(fields, count).map((field) => [field, scalar(choices)]));

const repeat = (choices) => {
  const text = words(choices, 1, 5);
  return [choices.pick([`Repeat: ${text}`, `Say this again: ${text}`, `Copy "${text}"`]), text];
};
const quote = (choices) => {
  const text = words(choices, 1, 4);
  return [choices.pick([`Put this in quotes: ${text}`, `Quote ${text}`]), JSON.stringify(text)];
};
const after = (choices) => {
  const list = choices.some([...nouns, ...cities, ...people], choices.between(4, 7));
  const place = choices.between(0, list.length - 2);
  return [`Which comes after ${list[place]}? ${list.join(", ")}`, list[place + 1]];
};
const last = (choices) => {
  const list = choices.some([...nouns, ...cities], choices.between(3, 6));
  const end = choices.pick(["first", "last"]);
  return [`Which is ${end}? ${list.join(", ")}`, end === "first" ? list[0] : list[list.length - 1]];
};
const toClock = (choices) => {
  const { said, time } = sayTime(choices);
  return [choices.pick([`Write ${said} on the 24-hour clock.`, `${said} on the clock?`, `When is ${said}?`]), time];
};
const toDigits = (choices) => {
  const value = choices.between(0, 100);
  return choices.chance(0.7) ? [choices.pick([`Write ${numberInWords(value)} in digits.`, `${numberInWords(value)} as a number`]), String(value)] : [`Write ${value} in words.`, numberInWords(value)];
};
const duration = (choices) => {
  const { said, amount, unit } = sayDuration(choices);
  return [choices.pick([`How long is ${said}?`, `Give ${said} with its unit.`]), `${amount} ${unit}`];
};
const spelling = (choices) => {
  const right = choices.pick([...rooms, ...nouns, ...chores, "lights", "heating", "blinds", "timer", "alarm", "shopping list", "turn on", "switch off", "degrees", "percent", "minutes"]);
  return [`Correct the spelling: ${mistype(choices, right, () => true)}`, right];
};
const readJson = (choices) => {
  const held = object(choices, choices.between(2, 4));
  const [field, value] = choices.pick(Object.entries(held));
  return [`What is ${field} in ${JSON.stringify(held)}?`, String(value)];
};
const writeJson = (choices) => {
  const held = object(choices, choices.between(1, 4));
  const said = Object.entries(held).map(([field, value]) => `${field} is ${value}`).join(choices.pick([", ", " and "]));
  return [choices.pick([`Make JSON: ${said}`, `As JSON, ${said}`]), JSON.stringify(held)];
};
const mentioned = (choices) => {
  const room = choices.pick(rooms);
  const thing = choices.pick([...things, ...animals]);
  const say = choices.pick([`The ${thing} is in the ${room}.`, `In the ${room} there is a ${choices.pick(colours)} ${thing}.`, `${choices.pick(people)} took the ${thing} to the ${room}.`]);
  return choices.chance(0.5) ? [`${say} Which room?`, room] : [`${say} Which thing?`, thing];
};
const negation = (choices) => {
  const thing = choices.pick(things);
  const state = choices.pick(["on", "off", "open", "closed"]);
  const denied = choices.chance(0.5);
  return [`${choices.pick(people)} said: the ${thing} is ${denied ? "not " : ""}${state}. Is it ${state}?`, denied ? "no" : "yes"];
};
const sort = (choices) => {
  const [kind, list] = choices.pick([["food", groceries], ["sound", music], ["room", rooms], ["place", cities], ["task", chores], ["person", people], ["talk", smallTalk]]);
  return [`What kind of thing is this: ${choices.pick(list)}`, kind];
};
const talk = (choices) => [choices.pick(smallTalk), choices.pick(["I cannot help with that.", "I am not sure.", "I do not know."])];

export const skills = [[14, repeat], [5, quote], [5, after], [3, last], [12, toClock], [7, toDigits], [8, duration], [9, spelling], [6, readJson], [10, writeJson], [6, mentioned], [3, negation], [4, sort], [4, talk]];
