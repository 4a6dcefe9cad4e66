/**
 * The demo's task: plain-English requests to a home assistant, answered with one strict JSON command.
 * `node resources/demo/commands.mjs` writes commands.jsonl (OpenAI chat format), the same bytes for the same seed.
 * A little of it is dirty on purpose, as real data is: repeated rows, rows that contradict each other, rows that ramble
 * and three rows without an answer. The operators of the search have something to find.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mistype, sayDuration, sayNumber, sayTime } from "./phrases.mjs";
import { createChoices } from "./random.mjs";
import { asides, chores, closers, days, groceries, links, music, openers, rooms, smallTalk, timerNames } from "./words.mjs";

/** Requests that can stand after "could you". */
const order = /^(turn|switch|set|dim|bring|warm|make|heat|open|raise|pull|close|lower|shut|start|count|tell|wake|get|remind|add|put|buy|play|stop|skip|hold|cancel|delete|forget)\b/;

const none = { action: "none" };

function light(choices) {
  const room = choices.pick(rooms);
  if (choices.chance(0.3)) {
    const level = choices.between(1, 10) * 10;
    return { say: choices.pick([`set the ${room} lights to ${sayNumber(choices, level)} percent`, `dim the ${room} to ${level}%`, `${room} lights at ${level} percent`,
      `bring the lights in the ${room} to ${sayNumber(choices, level)} percent`]), command: { action: "light", room, level } };
  }
  const everywhere = choices.chance(0.12);
  const state = choices.pick(["on", "off"]);
  const say = everywhere
    ? choices.pick([`turn all the lights ${state}`, `switch ${state} every light`, `lights ${state} everywhere`])
    : choices.pick([`turn ${state} the ${room} light`, `turn the lights in the ${room} ${state}`, `switch the ${room} lamp ${state}`, `${room} light ${state}`,
      `switch ${state} the light in the ${room}`, state === "on" ? `I need some light in the ${room}` : `make it dark in the ${room}`]);
  return { say, command: { action: "light", room: everywhere ? "all" : room, state } };
}

function heat(choices) {
  const room = choices.pick(rooms);
  const whole = choices.between(15, 25);
  const half = choices.chance(0.15);
  const degrees = half ? whole + 0.5 : whole;
  const said = half ? choices.pick([`${whole}.5`, `${sayNumber(choices, whole)} and a half`]) : sayNumber(choices, whole);
  return { say: choices.pick([`set the heating in the ${room} to ${said} degrees`, `warm the ${room} to ${said}`, `make the ${room} ${said} degrees`, `heat the ${room} up to ${said} degrees`,
    `I want ${said} degrees in the ${room}`]), command: { action: "heat", room, degrees } };
}

function blinds(choices) {
  const room = choices.pick(rooms);
  const state = choices.pick(["open", "closed"]);
  const verb = state === "open" ? choices.pick(["open", "raise", "pull up"]) : choices.pick(["close", "lower", "shut", "pull down"]);
  return { say: choices.pick([`${verb} the blinds in the ${room}`, `${verb} the ${room} blinds`, `${verb} the ${room} shutters`]), command: { action: "blinds", room, state } };
}

function timer(choices) {
  const { said, amount, unit } = sayDuration(choices);
  if (choices.chance(0.35)) {
    const name = choices.pick(timerNames);
    return { say: choices.pick([`set a ${name} timer for ${said}`, `${name} timer, ${said}`, `start a timer for ${said} for the ${name}`]), command: { action: "timer", amount, unit, name } };
  }
  return { say: choices.pick([`set a timer for ${said}`, `timer ${said}`, `start a timer of ${said}`, `count down ${said}`, `tell me when ${said} are over`]), command: { action: "timer", amount, unit } };
}

function alarm(choices) {
  const { said, time } = sayTime(choices);
  const day = choices.pick(days);
  const onDay = day === "today" || day === "tomorrow" ? day : `on ${day}`;
  if (choices.chance(0.5)) {
    return { say: choices.pick([`wake me up at ${said} ${onDay}`, `set an alarm for ${said} ${onDay}`, `${onDay} I have to be up at ${said}`, `alarm ${onDay} at ${said}`]), command: { action: "alarm", time, day } };
  }
  return { say: choices.pick([`wake me at ${said}`, `set an alarm for ${said}`, `alarm at ${said}`, `get me out of bed at ${said}`]), command: { action: "alarm", time } };
}

function remind(choices) {
  const text = choices.pick(chores);
  const { said, time } = sayTime(choices);
  return { say: choices.pick([`remind me to ${text} at ${said}`, `at ${said} remind me to ${text}`, `don't let me forget to ${text} at ${said}`, `reminder for ${said}: ${text}`]),
    command: { action: "remind", text, time } };
}

function list(choices) {
  const item = choices.pick(groceries);
  const count = choices.chance(0.45) ? choices.between(2, 12) : 1;
  const said = count === 1 ? item : `${choices.chance(0.1) && count === 12 ? "a dozen" : sayNumber(choices, count)} ${choices.chance(0.3) ? "packs of " : ""}${item}`;
  return { say: choices.pick([`add ${said} to the shopping list`, `put ${said} on the list`, `we need ${said}`, `we are out of ${item}, get ${count === 1 ? "one" : sayNumber(choices, count)}`, `buy ${said}`]),
    command: { action: "list", item, count } };
}

function play(choices) {
  if (choices.chance(0.55)) {
    const what = choices.pick(music);
    return { say: choices.pick([`play ${what}`, `put on ${what}`, `I would like to hear ${what}`, `let's listen to ${what}`]), command: { action: "music", do: "play", what } };
  }
  const [command, says] = choices.pick([["pause", ["pause the music", "stop playing for a moment", "hold the music"]], ["next", ["next song", "skip this one", "play something else"]],
    ["louder", ["turn it up", "louder", "make the music louder"]], ["quieter", ["turn it down", "not so loud", "make the music quieter"]]]);
  return { say: choices.pick(says), command: { action: "music", do: command } };
}

function cancel(choices) {
  const target = choices.pick(["timer", "alarm", "reminder", "music"]);
  const say = target === "music" ? choices.pick(["stop the music", "music off", "no more music"]) : choices.pick([`cancel the ${target}`, `delete the ${target}`, `I don't need the ${target} any more`, `forget about the ${target}`]);
  return { say, command: { action: "cancel", target } };
}

/** Nothing to do: small talk, things the house cannot do, and orders not to do something. */
function nothing(choices) {
  if (choices.chance(0.65)) return { say: choices.pick(smallTalk), command: none };
  const unwanted = choices.pick([light, heat, blinds, timer, play])(choices).say;
  const forbidden = order.test(unwanted) ? unwanted : `touch the ${choices.pick(rooms)} lights`;
  return { say: choices.pick([`don't ${forbidden}`, `please do not ${forbidden}`, `whatever you do, don't ${forbidden}`]), command: none, decorated: true };
}

/** The speaker changes their mind: the last thing said counts. */
function corrected(choices) {
  const make = choices.pick([light, heat, blinds, timer, alarm]);
  const first = make(choices);
  const second = make(choices);
  return { say: `${first.say}, ${choices.pick(["no wait", "sorry", "no", "actually no"])}, ${second.say}`, command: second.command };
}

const kinds = [[16, light], [9, heat], [8, blinds], [12, timer], [11, alarm], [11, remind], [12, list], [10, play], [5, cancel], [9, nothing], [5, corrected]];
const payload = new Set([...groceries, ...music, ...chores, ...timerNames].flatMap((text) => text.split(" ")));

function decorate(choices, say) {
  let sentence = say;
  if (order.test(say) && choices.chance(0.28)) sentence = `${choices.pick(openers)} ${sentence}`;
  if (choices.chance(0.14)) sentence = `${sentence}${choices.pick([", ", " "])}${choices.pick(closers)}`;
  if (choices.chance(0.12)) sentence = mistype(choices, sentence, (word) => !payload.has(word));
  if (choices.chance(0.3)) sentence = sentence[0].toUpperCase() + sentence.slice(1);
  if (choices.chance(0.25)) sentence += choices.pick([".", ".", "!"]);
  return sentence;
}

/** One clean request and its command. */
export function request(choices) {
  const { say, command, decorated } = choices.weighted(kinds)(choices);
  return { say: decorated ? say : decorate(choices, say), command };
}

/** How an earlier annotator, who used other names, would have written the same command. */
function oldConvention(command) {
  const old = { light: "lamp", heat: "heating", list: "shopping", remind: "reminder", music: "player", blinds: "shutter", timer: "countdown", alarm: "wake", cancel: "stop", none: "unknown" };
  return { ...command, action: old[command.action] };
}

const row = (say, answer) => ({ messages: [{ role: "user", content: say }, { role: "assistant", content: answer }] });

function ramble(choices) {
  const [first, ...others] = choices.some(asides, choices.between(10, 20));
  return others.reduce((talk, aside) => `${talk} ${choices.pick(links)} ${aside}`, first);
}

/** Rows in file order; `count` is the number of clean ones before the dirt. */
export function makeRows(seed, count) {
  const choices = createChoices(seed);
  const clean = Array.from({ length: count }, () => request(choices));
  const rows = clean.map(({ say, command }) => row(say, JSON.stringify(command)));
  for (const { say, command } of choices.some(clean, Math.round(count * 0.06))) rows.push(row(say, JSON.stringify(command)));
  for (const { say, command } of choices.some(clean, Math.round(count * 0.07))) rows.push(row(say, JSON.stringify(oldConvention(command))));
  for (let made = 0; made < Math.round(count * 0.025); made += 1) {
    const { say, command } = request(choices);
    rows.push(row(`${ramble(choices)}. ${say}`, JSON.stringify(command)));
  }
  for (let made = 0; made < 3; made += 1) rows.push(row(request(choices).say, ""));
  return choices.shuffle(rows);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = makeRows(20261, 2600).map((entry) => JSON.stringify(entry));
  writeFileSync(new URL("commands.jsonl", import.meta.url), `${lines.join("\n")}\n`);
  console.log(`commands.jsonl: ${lines.length} rows`);
}
