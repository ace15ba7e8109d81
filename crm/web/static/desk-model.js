// What the desk knows, and who wants to be told when a part of it changes.
import { $, data, language } from "./desk-dom.js";

/** The state as the server tells it, with what is told in both languages in ours. */
export const inLanguage = (state) => ({ ...state, profile: state.profile?.[language] ?? null });

export const model = {
  heard: true, stream: "on", loggedOut: false, agent: {}, state: {}, call: null, profile: null, waiting: [],
  phone: { kind: null, line: { state: "starting" }, call: null, colleague: null, together: false, muted: false, microphone: true },
  person: null, // the caller, once it is known who it is
  contact: null, // the record that is open
  counts: {},
  ...inLanguage(data.state),
};

const watchers = new Map();
let changed = new Set();

/** Calls `draw` when one of the named parts has changed, once for all that changed together. */
export function on(names, draw) {
  for (const name of names) watchers.set(name, [...(watchers.get(name) ?? []), draw]);
}

/** Changes parts of the model. */
export function set(parts) {
  Object.assign(model, parts);
  if (!changed.size) queueMicrotask(flush);
  for (const name of Object.keys(parts)) changed.add(name);
}

/** Changes parts of one part, such as `phone`. */
export const change = (name, parts) => set({ [name]: { ...model[name], ...parts } });

function flush() {
  const names = changed;
  changed = new Set();
  const draws = new Set([...names].flatMap((name) => watchers.get(name) ?? []));
  for (const draw of draws) draw();
}

/** Draws everything once. */
export function drawAll() {
  for (const draw of new Set([...watchers.values()].flat())) draw();
}

// -- the server's clock

let ahead = Date.parse(data.state.now) - Date.now();

export const now = () => Date.now() + ahead;
/** Seconds since a time as the server writes it, for ever when there was none. */
export const secondsSince = (iso) => (iso ? (now() - Date.parse(iso)) / 1000 : Infinity);

export function heardAt(iso) {
  const difference = Date.parse(iso) - Date.now();
  if (Math.abs(difference - ahead) > 250) ahead = difference;
}

const ticking = [];
export const eachTick = (tick) => ticking.push(tick);
setInterval(() => ticking.forEach((tick) => tick()), 250);

// -- for who listens instead of looking

/** Said in a pause by a screen reader; `soon`: at once. */
export function tell(text, soon = false) {
  $(soon ? "said-now" : "said").textContent = text;
}
