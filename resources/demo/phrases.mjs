/** How people say numbers, times and durations, and how they mistype: shared by the task and by the base model's corpus. */
const small = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
  "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
const tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/** 0 to 100 in words. */
export function numberInWords(value) {
  if (value < 20) return small[value];
  if (value === 100) return "a hundred";
  const unit = value % 10;
  return unit === 0 ? tens[value / 10] : `${tens[Math.floor(value / 10)]}-${small[unit]}`;
}

export const sayNumber = (choices, value) => (choices.chance(0.35) ? numberInWords(value) : String(value));

const twoDigits = (value) => String(value).padStart(2, "0");
export const clock = (hour, minute) => `${twoDigits(hour)}:${twoDigits(minute)}`;

/** A spoken time and the same time on the 24-hour clock. */
export function sayTime(choices) {
  const hour = choices.between(0, 23);
  const minute = choices.weighted([[6, 0], [3, 30], [1, 15], [1, 45], [1, choices.between(1, 11) * 5], [0.3, choices.between(1, 59)]]);
  const written = clock(hour, minute);
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const half = hour < 12 ? choices.pick(["am", " am", " a.m."]) : choices.pick(["pm", " pm", " p.m."]);
  const part = hour < 5 ? "at night" : hour < 12 ? "in the morning" : hour < 18 ? "in the afternoon" : hour < 22 ? "in the evening" : "at night";
  const next = numberInWords(twelve === 12 ? 1 : twelve + 1);
  const styles = [[4, () => `${twelve}${minute === 0 ? "" : `:${twoDigits(minute)}`}${half}`], [1.5, () => written]];
  if (minute === 0 && hour === 12) styles.push([4, () => "noon"]);
  if (minute === 0 && hour === 0) styles.push([4, () => "midnight"]);
  if (minute === 0) styles.push([2, () => `${numberInWords(twelve)}${choices.chance(0.4) ? " o'clock" : ""} ${part}`]);
  // "quarter to twelve at night" is the hour before; the part of the day is still the one the clock shows.
  if (minute === 30) styles.push([2, () => `half past ${numberInWords(twelve)} ${part}`]);
  if (minute === 15) styles.push([2, () => `quarter past ${numberInWords(twelve)} ${part}`]);
  if (minute === 45) styles.push([2, () => `quarter to ${next} ${part}`]);
  return { said: choices.weighted(styles)(), time: written };
}

const unitNames = { seconds: ["seconds", "secs", "s"], minutes: ["minutes", "mins", "min"], hours: ["hours", "hrs", "h"] };

/** A spoken duration, and its amount in the unit it is written with. */
export function sayDuration(choices) {
  const fixed = [["half an hour", 30, "minutes"], ["a quarter of an hour", 15, "minutes"], ["an hour and a half", 90, "minutes"],
    ["an hour", 1, "hours"], ["a minute", 1, "minutes"], ["half a minute", 30, "seconds"]];
  if (choices.chance(0.2)) {
    const [said, amount, unit] = choices.pick(fixed);
    return { said, amount, unit };
  }
  const unit = choices.weighted([[6, "minutes"], [2, "seconds"], [2, "hours"]]);
  const amount = unit === "hours" ? choices.between(2, 12) : unit === "seconds" ? choices.pick([5, 10, 15, 20, 30, 40, 45, 50, 90]) : choices.weighted([[3, choices.between(2, 12)], [3, choices.between(3, 12) * 5], [1, choices.between(13, 59)]]);
  if (choices.chance(0.3)) return { said: `${numberInWords(amount)} ${unit}`, amount, unit };
  const name = choices.pick(unitNames[unit]);
  return { said: name.length === 1 ? `${amount}${name}` : `${amount} ${name}`, amount, unit };
}

/** One slip of the fingers inside one of the words that `mayChange` allows. */
export function mistype(choices, sentence, mayChange) {
  const words = sentence.split(" ");
  const places = words.flatMap((word, place) => (word.length >= 4 && /^[a-z]+$/.test(word) && mayChange(word) ? [place] : []));
  if (places.length === 0) return sentence;
  const place = choices.pick(places);
  const word = words[place];
  const at = choices.between(1, word.length - 2);
  words[place] = choices.pick([
    () => word.slice(0, at) + word.slice(at + 1),
    () => word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
    () => word.slice(0, at) + word[at] + word.slice(at),
  ])();
  return words.join(" ");
}
