// Small helpers of the desk: words, numbers, times.
import { h } from "./elements.js";
import { national } from "./numbers.js";

export { h };
export const $ = (id) => document.getElementById(id);
export const data = JSON.parse($("desk-data").textContent);
export const words = data.words;
export const language = data.language;

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === Boolean(visible)) element.hidden = !visible;
}

const filledOf = new WeakMap(); // element → what its children were made of

/** Makes the children of ``element`` anew only when they are made of something else (`of`, as JSON) than before: what is
 * made anew under a finger or with the focus on it loses both. */
export function fill(element, of, make) {
  const made = JSON.stringify(of);
  if (filledOf.get(element) === made) return;
  filledOf.set(element, made);
  element.replaceChildren(...make());
}

/** The word with its {places} filled in. */
export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** The word when there is one, else the bare value. */
export const word = (prefix, value) => words[`${prefix}_${value}`] ?? value ?? "";

const two = (number) => String(number).padStart(2, "0");

/** 4:05, or 1:02:03 from an hour on. */
export function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(whole % 60)}`;
}

/** +66812345678 as 081 234 5678; foreign numbers and extensions as they are. */
export function shownNumber(number) {
  return number ? national(number) : words.hidden_number;
}

const zoned = { timeZone: data.zone };
const dayFormat = new Intl.DateTimeFormat(language === "th" ? "th-TH-u-ca-buddhist" : "en-GB", {
  day: "numeric", month: "short", year: "numeric", ...zoned,
});
const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", ...zoned });

/** 20 พ.ย. 2569 14:05 (Buddhist era) or 20 Nov 2026 14:05. */
export function dateAndTime(iso) {
  const at = new Date(iso);
  const parts = dayFormat.formatToParts(at);
  const part = (type) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("day")} ${part("month")} ${part("year")} ${clockFormat.format(at)}`;
}

/** A number that is called when it is clicked. */
export function callable(number, text = shownNumber(number)) {
  return h("button", {
    type: "button", class: "plain call-number", "data-call": number, title: say("call_number", { number: text }), text,
  });
}
