/**
 * Sentences that hold facts, and the facts: everyday domains that are not the demo's task. `keys` are the ways a field may
 * be named; a conversation settles on one of them, so the base model learns to take the names from what it was shown.
 * A fact that the sentence does not hold is left out of the answer.
 */
import { cities, chores, colours, drinks, events, groceries, music, onDay, people, rooms, sizes, things, vehicles, weekdays } from "./corpus-words.mjs";
import { sayDuration, sayNumber, sayTime } from "./phrases.mjs";

export const domains = {
  calendar: {
    keys: { what: ["event", "title", "what", "entry"], day: ["day", "when", "date"], at: ["at", "time", "start", "hour"] },
    types: ["appointment", "meeting", "calendar", "event"],
    make: (choices) => {
      const what = choices.chance(0.5) ? choices.pick(events) : `${choices.pick(events)} with ${choices.pick(people)}`;
      const { said, time } = sayTime(choices);
      if (choices.chance(0.3)) return { say: choices.pick([`${what} at ${said}`, `at ${said} there is ${what}`, `we planned ${what} for ${said}`]), facts: { what, at: time } };
      const day = choices.pick(weekdays);
      return { say: choices.pick([`${what} ${onDay(day)} at ${said}`, `${onDay(day)} there is ${what} at ${said}`, `at ${said} ${onDay(day)} I have ${what}`, `write down ${what}, ${day}, ${said}`]), facts: { what, day, at: time } };
    },
  },
  cafe: {
    keys: { drink: ["drink", "order", "item", "what"], size: ["size", "cup"], count: ["count", "amount", "cups", "number"] },
    types: ["order", "drink", "bar", "counter"],
    make: (choices) => {
      const drink = choices.pick(drinks);
      const size = choices.pick(sizes);
      const count = choices.chance(0.3) ? 1 : choices.between(2, 12);
      if (choices.chance(0.3)) return { say: count === 1 ? choices.pick([`${drink} please`, `just ${drink}`, `I'd like ${drink}`]) : choices.pick([`${sayNumber(choices, count)} ${drink} please`, `I'd like ${sayNumber(choices, count)} ${drink}`]), facts: { drink, count } };
      return { say: choices.pick([`${sayNumber(choices, count)} ${size} ${drink} please`, `I'd like ${sayNumber(choices, count)} ${size} ${drink}`, `make it ${sayNumber(choices, count)} ${drink}, ${size}`, `can we get ${sayNumber(choices, count)} ${size} cups of ${drink}`]), facts: { drink, size, count } };
    },
  },
  travel: {
    keys: { by: ["by", "vehicle", "kind"], from: ["from", "start", "origin"], to: ["to", "end", "goal"], at: ["at", "time", "leaves"] },
    types: ["trip", "ticket", "journey", "booking"],
    make: (choices) => {
      const [from, to] = choices.some(cities, 2);
      const by = choices.pick(vehicles);
      const { said, time } = sayTime(choices);
      return { say: choices.pick([`a ${by} from ${from} to ${to} at ${said}`, `I want to go to ${to} from ${from} by ${by} at ${said}`, `the ${by} leaves ${from} at ${said} and goes to ${to}`, `book the ${said} ${by} from ${from} to ${to}`]), facts: { by, from, to, at: time } };
    },
  },
  parcels: {
    keys: { item: ["item", "goods", "content", "what"], count: ["count", "boxes", "pieces"], to: ["to", "city", "place"] },
    types: ["parcel", "delivery", "post", "shipment"],
    make: (choices) => {
      const item = choices.pick(groceries);
      const count = choices.between(2, 40);
      const to = choices.pick(cities);
      return { say: choices.pick([`send ${sayNumber(choices, count)} boxes of ${item} to ${to}`, `${to} gets ${sayNumber(choices, count)} crates of ${item}`, `ship ${item} to ${to}, ${sayNumber(choices, count)} pieces`]), facts: { item, count, to } };
    },
  },
  pantry: {
    keys: { item: ["item", "food", "what", "goods"], count: ["count", "left", "number"] },
    types: ["stock", "shelf", "pantry", "store"],
    make: (choices) => {
      const item = choices.pick(groceries);
      if (choices.chance(0.5)) return { say: choices.pick([`there is ${item} on the shelf`, `I see ${item}`, `we have ${item}`, `${item} is still there`, `one pack of ${item} is left`]), facts: { item, count: 1 } };
      const count = choices.between(2, 20);
      return { say: choices.pick([`there are ${sayNumber(choices, count)} packs of ${item}`, `we have ${sayNumber(choices, count)} ${item}`, `${item}: ${sayNumber(choices, count)} left`, `I counted ${sayNumber(choices, count)} ${item}`]), facts: { item, count } };
    },
  },
  readings: {
    keys: { place: ["place", "where", "sensor", "spot"], value: ["value", "reading", "celsius", "temperature"] },
    types: ["reading", "measure", "sensor", "log"],
    make: (choices) => {
      const place = choices.pick(rooms);
      const whole = choices.between(3, 40);
      const half = choices.chance(0.2);
      const said = half ? choices.pick([`${whole}.5`, `${sayNumber(choices, whole)} and a half`]) : sayNumber(choices, whole);
      return { say: choices.pick([`it is ${said} degrees in the ${place}`, `the ${place} was at ${said} degrees`, `the ${place} shows ${said}`, `we measured ${said} in the ${place}`]), facts: { place, value: half ? whole + 0.5 : whole } };
    },
  },
  states: {
    keys: { thing: ["thing", "object", "device"], place: ["place", "where", "in"], is: ["is", "status", "now"] },
    types: ["report", "status", "check", "state"],
    make: (choices) => {
      const thing = choices.pick(things);
      const place = choices.pick(rooms);
      const is = choices.pick(["open", "closed", "on", "off", "broken", "new"]);
      return { say: choices.pick([`the ${thing} in the ${place} is ${is}`, `in the ${place} the ${thing} was ${is}`, `I saw the ${place} ${thing}, it is ${is}`, `${place} ${thing} ${is}`]), facts: { thing, place, is } };
    },
  },
  chats: {
    keys: { who: ["who", "to", "name", "person"], message: ["message", "say", "content", "body"] },
    types: ["message", "chat", "letter", "call"],
    make: (choices) => {
      const who = choices.pick(people);
      const message = choices.pick(chores);
      return { say: choices.pick([`tell ${who} to ${message}`, `ask ${who} to ${message}`, `${who} has to ${message}`, `write to ${who}: ${message}`, `${who} should ${message}, please`]), facts: { who, message } };
    },
  },
  films: {
    keys: { what: ["film", "show", "programme", "on"], lasts: ["lasts", "length", "amount"], unit: ["unit", "measure", "scale"] },
    types: ["film", "show", "radio", "screen"],
    make: (choices) => {
      const what = choices.pick(music);
      const { said, amount, unit } = sayDuration(choices);
      return { say: choices.pick([`${what} takes ${said}`, `there are ${said} of ${what}`, `after ${said} of ${what} we left`, `${said} of ${what}`]), facts: { what, lasts: amount, unit } };
    },
  },
  paint: {
    keys: { place: ["place", "wall", "where"], colour: ["colour", "paint", "tone"] },
    types: ["paint", "job", "wall", "decor"],
    make: (choices) => {
      const place = choices.pick(rooms);
      const colour = choices.pick(colours);
      return { say: choices.pick([`paint the ${place} ${colour}`, `we want ${colour} walls in the ${place}`, `the ${place} should be ${colour}`, `${colour} for the ${place}`]), facts: { place, colour } };
    },
  },
  swims: {
    keys: { who: ["who", "name", "runner"], amount: ["amount", "took", "needed"], unit: ["unit", "in", "scale"] },
    types: ["race", "result", "sport", "run"],
    make: (choices) => {
      const who = choices.pick(people);
      const { said, amount, unit } = sayDuration(choices);
      return { say: choices.pick([`${who} needed ${said}`, `${who} swam for ${said}`, `it took ${who} ${said}`, `${said} for ${who}`]), facts: { who, amount, unit } };
    },
  },
};
