// The agent's state, always in view, and what is wrong, in one place.
import { ask, toast } from "./office.js";
import { $, data, h, language, length, put, say, show, word, words } from "./desk-dom.js";
import { eachTick, model, now, on, secondsSince, set, tell } from "./desk-model.js";
import { hear } from "./desk-stream.js";

const EXTEND_SECONDS = 30;
const HURRY_SECONDS = 5;
let reasons = null;
let shownTrouble = "";
let wasInTrouble = false;

/** What the page shows as the state: never "available" unless the telephone can ring and we would hear of it. */
export function shownState() {
  if (!model.agent.extension) return "looking";
  if (model.stream === "off" || !model.heard || model.loggedOut) return "unknown";
  const { state } = model.state;
  const { call, kind, line } = model.phone;
  if (call?.direction === "out" && state !== "in_call" && state !== "on_hold") return "calling_out";
  const ready = state === "available" || state === "ringing" || state === "offline";
  if (kind === "browser" && ready && line.state !== "registered" && line.state !== "elsewhere") {
    return line.state === "starting" ? "starting" : "offline";
  }
  return state ?? "unknown";
}

function trouble() {
  if (model.loggedOut) return { name: "logged_out", level: "bad", button: "log-in" };
  if (model.stream === "off") return { name: "stream", level: "bad" };
  if (!model.heard) return { name: "asterisk", level: "bad" };
  const { kind, line, microphone } = model.phone;
  if (kind !== "browser") return null;
  if (line.state === "elsewhere") return { name: line.where === "tab" ? "elsewhere" : "elsewhere_browser", level: "near", button: "take-over" };
  if (line.state === "unregistered" && line.reason === "logged-out") return { name: "logged_out", level: "bad", button: "log-in" };
  if (line.state === "unregistered") return { name: "phone", level: "bad", reason: line.reason };
  if (!microphone) return { name: "microphone", level: "bad", button: "devices" };
  return null;
}

function drawTrouble() {
  const found = trouble();
  const name = [found?.name, found?.reason].filter(Boolean).join(" ");
  if (name === shownTrouble) return;
  shownTrouble = name;
  const box = $("trouble");
  show(box, found);
  if (found) {
    box.dataset.level = found.level;
    const why = found.reason ? ` (${word("phone", found.reason)})` : "";
    put($("trouble-text"), words[`trouble_${found.name}`] + why);
    for (const button of ["take-over", "devices", "log-in"]) show($(`trouble-${button}`), found.button === button);
    wasInTrouble = wasInTrouble || found.level === "bad";
  } else if (wasInTrouble) {
    wasInTrouble = false;
    toast(words.back_again);
    tell(words.back_again);
  }
}

function drawState() {
  const shown = shownState();
  const box = $("state");
  const before = box.dataset.state;
  box.dataset.state = shown;
  put($("state-name"), words[`state_${shown}`]);
  const { reason } = model.state;
  const why = shown === "paused" ? word("reason", reasonLabel(reason)) : "";
  put($("state-detail"), why);
  show($("state-detail"), why);
  const mine = ["available", "ringing", "in_call", "on_hold", "wrap_up", "paused", "calling_out"].includes(shown);
  show($("ready"), shown === "paused");
  show($("extend"), shown === "wrap_up");
  show($("pause"), mine && shown !== "paused" && shown !== "ringing");
  put($("pause-text"), ["in_call", "on_hold", "calling_out"].includes(shown) ? words.pause_after : words.pause);
  put($("extend-text"), say("extend", { seconds: EXTEND_SECONDS }));
  show($("wrap-up"), shown === "wrap_up" && model.state.wrap_up_ends_at);
  if (before !== shown && before !== "offline") tell(words[`state_${shown}`]);
  drawTrouble();
  tick();
}

function reasonLabel(name) {
  const found = (reasons ?? []).find((one) => one.name === name);
  return found ? found[language] : name;
}

function tick() {
  const { since, wrap_up_ends_at: endsAt } = model.state;
  const shown = $("state").dataset.state;
  if (shown === "wrap_up" && endsAt) {
    const left = (Date.parse(endsAt) - now()) / 1000;
    const whole = (Date.parse(endsAt) - Date.parse(since)) / 1000;
    put($("state-time"), length(Math.ceil(Math.max(0, left))));
    $("wrap-up").value = Math.max(0, Math.min(1, left / Math.max(1, whole)));
    $("state").classList.toggle("hurry", left < HURRY_SECONDS);
  } else {
    const known = since && shown !== "looking" && shown !== "unknown" && shown !== "calling_out";
    put($("state-time"), known ? length(secondsSince(since)) : "");
  }
}

// -- waiting callers

function drawWaiting() {
  const mine = model.waiting.filter((one) => !model.agent.queues?.length || model.agent.queues.includes(one.queue));
  const count = mine.reduce((sum, one) => sum + one.count, 0);
  const since = mine.map((one) => one.since).sort()[0];
  const box = $("waiting");
  if (!count) box.replaceChildren(words.waiting_none);
  else box.replaceChildren(h("b", { text: say("waiting_some", { count }) }), " ", h("b", { text: length(secondsSince(since)) }));
}

// -- pauses

async function openReasons() {
  const box = $("pause-reasons");
  if (!box.hidden) return closeReasons();
  reasons ??= data.reasons ?? (await ask("GET", "/api/telephone/pause-reasons").catch(() => [{ name: "break", th: words.reason_break, en: words.reason_break }]));
  box.replaceChildren(...reasons.map((reason) => h("button", {
    type: "button", role: "menuitem", text: reason[language], onclick: () => pause(reason.name),
  })));
  show(box, true);
  $("pause").setAttribute("aria-expanded", "true");
  box.querySelector("button")?.focus();
  return undefined;
}

function closeReasons() {
  if ($("pause-reasons").hidden) return;
  const inside = $("pause-reasons").contains(document.activeElement);
  show($("pause-reasons"), false);
  $("pause").setAttribute("aria-expanded", "false");
  if (inside) $("pause").focus();
}

async function pause(reason) {
  closeReasons();
  await asked("pause", { reason });
}

/** Asks the telephone for something; says so when it did not work. Gives the answer, or null. */
export async function asked(what, body = {}) {
  try {
    return (await ask("POST", `/api/telephone/${what}`, body)) ?? {};
  } catch (error) {
    if (error.status !== 401) toast(say("failed", { why: error.data?.advice ?? error.message }), "bad");
    return null;
  }
}

export const stateActions = {
  pause: () => (shownState() === "paused" ? asked("ready") : openReasons()),
  ready: () => asked("ready"),
  async extend() {
    if (shownState() !== "wrap_up") return;
    const answer = await asked("wrap-up/extend", { seconds: EXTEND_SECONDS });
    if (answer?.ends_at) set({ state: { ...model.state, wrap_up_ends_at: answer.ends_at } });
  },
};

export function startState() {
  hear("state", (message) => set({ state: message.state }));
  hear("wrap-up", (message) => set({ state: { ...model.state, wrap_up_ends_at: message.ends_at } }));
  hear("heard", (message) => set({ heard: message.heard }));
  hear("waiting", (message) => set({ waiting: message.waiting }));
  on(["state", "heard", "stream", "phone", "agent", "loggedOut"], drawState);
  on(["waiting", "agent"], drawWaiting);
  eachTick(tick);
  setInterval(drawWaiting, 1000);
  document.addEventListener("click", (event) => { if (!$("state").contains(event.target)) closeReasons(); });
  $("pause-reasons").addEventListener("keydown", (event) => {
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") closeReasons();
    else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length].focus();
    else if (event.key === "ArrowUp") buttons[(at + buttons.length - 1) % buttons.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
