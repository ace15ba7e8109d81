// What to say, and the steps with their standard times: quiet, and right by themselves where the telephone tells.
import { ask } from "./office.js";
import { $, h, length, put, say, show, words } from "./desk-dom.js";
import { eachTick, model, now, on } from "./desk-model.js";

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

function used(step) {
  if (!step.started_at) return null;
  const until = step.ended_at ? Date.parse(step.ended_at) : now();
  return Math.max(0, (until - Date.parse(step.started_at)) / 1000) + (step.before_seconds ?? 0);
}

function stateOf(step) {
  if (step.started_at && !step.ended_at) return "now";
  return step.started_at ? "done" : "coming";
}

function standard(step) {
  if (!step.standard_seconds) return "";
  return length(step.standard_seconds);
}

function drawSteps() {
  const steps = model.contact?.steps ?? model.steps ?? [];
  $("steps").replaceChildren(...steps.map((step) => h("li", { "data-state": stateOf(step), "data-step": step.step, "aria-current": stateOf(step) === "now" ? "step" : null },
    h("span", { class: "code", text: step.step }),
    h("span", {}, words[`step_${step.step}`] ?? step.name, step.counted ? null : h("span", { class: "not-counted muted", text: ` (${words.not_counted})` })),
    h("span", { class: "time", "data-time": step.step }))));
  const talking = ["talking", "held"].includes(model.call?.phase);
  show($("next-step"), talking && steps.some((step) => stateOf(step) === "now"));
  drawTimes();
}

function drawTimes() {
  const steps = model.contact?.steps ?? model.steps ?? [];
  for (const step of steps) {
    const cell = $("steps").querySelector(`[data-time="${step.step}"]`);
    if (!cell) continue;
    const seconds = used(step);
    const over = seconds !== null && step.counted && step.standard_seconds && seconds > step.standard_seconds;
    const text = seconds === null ? standard(step) : `${length(seconds)}${step.standard_seconds ? ` / ${standard(step)}` : ""}`;
    if (cell.textContent === text) continue;
    cell.textContent = text;
    cell.classList.toggle("over", Boolean(over));
    if (over) cell.title = words.over_standard;
  }
}

/** The agent goes on to the next step. */
export async function nextStep(name = null) {
  if (!model.contact) return;
  const steps = model.contact.steps ?? [];
  const at = steps.findIndex((step) => stateOf(step) === "now");
  const next = name ?? steps[at + 1]?.step;
  if (next) await ask("POST", `/api/contacts/${model.contact.id}/steps/${next}`, {}).catch(() => {});
}

export function startSteps() {
  on(["call", "contact", "scripts"], drawScript);
  on(["contact", "call", "steps"], drawSteps);
  eachTick(drawTimes);
  void say;
}
