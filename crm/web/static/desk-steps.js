// What to say, and the steps with their standard times: quiet, and right by themselves where the telephone tells.
import { ask } from "./office.js";
import { $, h, language, length, put, show, words } from "./desk-dom.js";
import { change, eachTick, model, now, on, set } from "./desk-model.js";

let ending = false;

/** The ending script is shown (the agent is about to say goodbye). */
export const isEnding = () => ending;

export function showEnding(visible) {
  ending = visible;
  drawScript();
}

function drawScript() {
  const kind = ending ? "ending" : "greeting";
  const spoken = model.call?.language ?? model.contact?.language ?? "th";
  const script = model.scripts?.[spoken]?.[kind] ?? model.scripts?.th?.[kind];
  $("script").dataset.kind = kind;
  put($("script-name"), words[`script_${kind}`]);
  put($("script-text"), script ?? words.script_none);
  $("script-text").lang = spoken;
  const badge = $("script-language");
  show(badge, model.call);
  put(badge, words[`language_${spoken}`] ?? "");
}

// -- steps

const RETRY_MILLISECONDS = 3000;
const LATE_MILLISECONDS = 2000;
let waiting = []; // keys that were pressed while the server was away: [contact id, step, when]
let timer = null;
let sending = false;

function used(step) {
  if (!step.started_at) return null;
  const until = step.ended_at ? Date.parse(step.ended_at) : now();
  return step.before_seconds + Math.max(0, (until - Date.parse(step.started_at)) / 1000);
}

const stateOf = (step) => (!step.started_at ? "coming" : step.ended_at ? "done" : "now");

/** 30 s, 5:00, 5–10 min. */
function standard({ min_seconds: min, max_seconds: max, counted }) {
  if (!counted) return words.not_counted;
  if (!max) return "";
  if (min) return `${min / 60}–${max / 60} ${words.minutes}`;
  return max < 60 ? `${max} ${words.seconds}` : `${max / 60} ${words.minutes}`;
}

function drawSteps() {
  const steps = model.contact?.steps ?? model.steps ?? [];
  $("steps").replaceChildren(...steps.map((step) => h("li", {
    "data-state": stateOf(step), "data-step": step.step, "aria-current": step.current ? "step" : null, title: step.name,
  },
    h("span", { class: "code", text: step.step }),
    h("span", { class: "what", text: words[`step_${step.step}`] ?? step.name }),
    h("span", { class: "time" }, h("b", { "data-used": step.step }), h("span", { class: "standard", text: standard(step) })))));
  const talking = ["talking", "held"].includes(model.call?.phase) && model.contact?.call_id === model.call?.call_id;
  const next = steps.find((step) => step.next);
  show($("next-step"), talking && next);
  if (next) $("next-step").title = words[`step_${next.step}`] ?? next.name;
  drawTimes();
}

function drawTimes() {
  for (const step of model.contact?.steps ?? []) {
    const cell = $("steps").querySelector(`[data-used="${step.step}"]`);
    const seconds = used(step);
    if (!cell || seconds === null) continue;
    const text = length(seconds);
    if (cell.textContent === text) continue;
    cell.textContent = text;
    const over = step.counted && step.max_seconds && seconds > step.max_seconds;
    cell.classList.toggle("over", Boolean(over));
    cell.title = over ? words.over_standard : "";
  }
}

/** The agent goes on to the next step, or to a named one. Kept and sent later when the server is away. */
export function nextStep(name = null) {
  const { contact } = model;
  if (!contact) return;
  const steps = contact.steps ?? [];
  const next = name ?? steps.find((step) => step.next)?.step;
  if (!next || steps.find((step) => step.step === next)?.current) return;
  const at = new Date(now()).toISOString();
  change("contact", { steps: moved(steps, next, at), marks: (contact.marks ?? 0) + 1 }); // at once; the server says the same in a moment
  waiting.push([contact.id, next, Date.now()]);
  send();
}

function moved(steps, name, at) {
  const place = steps.findIndex((step) => step.step === name);
  const following = steps.slice(place + 1).find((step) => !step.by_itself);
  return steps.map((step) => {
    if (step.step === name) return { ...step, current: true, next: false, started_at: at, ended_at: null, before_seconds: used(step) ?? 0 };
    return { ...step, current: false, next: step === following, ended_at: step.current ? at : step.ended_at };
  });
}

/** What is told of a contact, with the steps that are known here when those are newer: answers and messages overtake each
 * other, and each says how many keys it knows of. */
export function withNewestSteps(told) {
  const known = model.contact;
  return known?.id === told.id && (told.marks ?? 0) < (known.marks ?? 0) ? { ...told, steps: known.steps, marks: known.marks } : told;
}

/** One at a time, in the order of the keys. */
async function send() {
  if (sending) return;
  clearTimeout(timer);
  sending = true;
  while (waiting.length) {
    const [id, step, at] = waiting[0];
    try {
      const late = Date.now() - at;
      const ago = late > LATE_MILLISECONDS ? late / 1000 : 0; // two keys in a row stay in their order
      const { steps, marks } = await ask("POST", `/api/contacts/${id}/steps/${step}?lang=${language}`, { ago_seconds: ago });
      if (model.contact?.id === id) change("contact", withNewestSteps({ id, steps, marks }));
    } catch (error) {
      if (error.status === 0 || error.status >= 500) {
        timer = setTimeout(send, RETRY_MILLISECONDS);
        break;
      }
      if (model.contact?.id === id) change("contact", { marks: 0 }); // refused: whatever the server says next is right
    }
    waiting.shift();
  }
  sending = false;
}

// -- what they are

async function readStandards() {
  const found = await ask("GET", "/api/standards/hotline").catch(() => null);
  if (found) set({ steps: found.standards.map((step) => ({ ...step, name: step[`name_${language}`], started_at: null })) });
}

let scriptsFor = null;

/** Scripts as this agent says them to this caller. */
async function readScripts() {
  const caller = model.person?.display_name ?? "";
  if (scriptsFor === caller) return;
  scriptsFor = caller;
  const found = await ask("GET", `/api/scripts?channel=hotline&caller=${encodeURIComponent(caller)}`).catch(() => null);
  if (!found || scriptsFor !== caller) return;
  const scripts = {};
  for (const script of found.scripts) ((scripts[script.language] ??= {})[script.moment] ??= script.said);
  set({ scripts });
  show($("voice"), !found.particle);
}

/** How this agent ends a polite sentence in Thai, once for all. */
async function chooseVoice(particle) {
  await ask("PUT", "/api/scripts/voice", { particle }).catch(() => {});
  scriptsFor = null;
  readScripts();
}

export function startSteps() {
  on(["call", "contact", "scripts"], drawScript);
  on(["contact", "call", "steps"], drawSteps);
  on(["person"], readScripts);
  eachTick(drawTimes);
  $("voice").addEventListener("click", (event) => { if (event.target.dataset.voice) chooseVoice(event.target.dataset.voice); });
  readStandards();
  readScripts();
}
