/** Word lists of the base model's corpus: other fields of life than the demo's task, with some of the same everyday words. */
import { chores, groceries, music, rooms, smallTalk } from "./words.mjs";

export const people = ["Anna", "Ben", "Carla", "David", "Elif", "Fatima", "Goran", "Hanna", "Ivan", "Julia", "Kofi", "Lena", "Mark", "Nadia", "Omar", "Paula", "Rosa", "Sam", "Tom", "Yuki"];
export const cities = ["Oslo", "Rome", "Paris", "Berlin", "Turku", "Lagos", "Lima", "Cairo", "Tokyo", "Porto", "Quito", "Delhi", "Sofia", "Bern", "Dublin", "Prague"];
export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"];
/** "on monday", but "today". */
export const onDay = (day) => (day === "today" || day === "tomorrow" ? day : `on ${day}`);
export const events = ["lunch", "a meeting", "the dentist", "a concert", "dinner", "a haircut", "swimming", "the choir", "a parents' evening", "a walk", "breakfast", "an interview"];
export const drinks = ["latte", "tea", "green tea", "espresso", "cocoa", "lemonade", "iced coffee", "apple juice", "mineral water", "cola"];
export const sizes = ["small", "medium", "large"];
export const vehicles = ["train", "bus", "ferry", "plane", "taxi"];
export const things = ["window", "door", "lamp", "heater", "fan", "gate", "drawer", "shutter"];
export const colours = ["red", "blue", "green", "yellow", "white", "black", "brown", "pink", "orange", "grey"];
export const animals = ["cat", "dog", "fish", "horse", "mouse", "owl", "bear", "fox", "goat", "duck"];
export const fields = ["name", "city", "colour", "size", "count", "price", "code", "day", "time", "place", "kind", "owner", "title", "note", "level", "amount", "room", "unit", "item", "text", "state", "target", "value", "what", "from", "to"];
export const nouns = [...new Set([...groceries, ...music, ...animals, ...things, ...rooms, ...drinks])];
export { chores, groceries, music, rooms, smallTalk };
