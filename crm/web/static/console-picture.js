// What the console knows of the floor, and how it is drawn: lists and a table that keep focus while they change.

import { national } from "./numbers.js";

export const data = JSON.parse(document.getElementById("data").textContent);
export const words = data.words;
export const byId = (id) => document.getElementById(id);

export const picture = { waiting: [], talking: [], agents: {}, closed: [], heard: true };
let ahead = 0; // the server's clock minus ours, milliseconds

export const now = () => Date.now() + ahead;
export const heardAt = (text) => (ahead = Date.parse(text) - Date.now());

/** Takes in what is new. `agents`: only those who changed; null: gone. */
export function take({ agents, ...rest }, whole = false) {
  for (const key of ["waiting", "talking", "closed", "heard"]) if (key in rest) picture[key] = rest[key];
  if (whole) picture.agents = {};
  for (const [extension, agent] of Object.entries(agents ?? {})) {
    if (agent === null) delete picture.agents[extension];
    else picture.agents[extension] = agent;
  }
}

const two = (number) => String(number).padStart(2, "0");

export function length(since) {
  const whole = Math.max(0, Math.floor((now() - Date.parse(since)) / 1000));
  const hours = Math.floor(whole / 3600);
  return (hours ? `${hours}:${two(Math.floor(whole / 60) % 60)}` : `${Math.floor(whole / 60)}`) + `:${two(whole % 60)}`;
}

export const clock = (text) =>
  new Date(text).toLocaleTimeString(data.language === "th" ? "th-TH" : "en-GB", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: data.zone });

export function make(tag, properties = {}, ...children) {
  const { dataset = {}, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  Object.assign(element.dataset, dataset);
  element.append(...children);
  return element;
}

export const put = (element, text) => element.textContent !== text && (element.textContent = text);
export const agentName = (extension) => picture.agents[extension]?.[`name_${data.language}`] ?? extension;
export const queueLabel = (name) => data.queues.find((queue) => queue.name === name)?.label ?? name ?? "";

/** Makes the children of `list` those of `rows` (key → function that makes or changes an element), in order. */
export function keep(list, rows, make_, change) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let before = null;
  for (const [key, row] of rows) {
    const child = old.get(key) ?? make_(row, key);
    child.dataset.key = key;
    old.delete(key);
    change(child, row, key);
    const place = before ? before.nextElementSibling : list.firstElementChild;
    if (place !== child) list.insertBefore(child, place);
    before = child;
  }
  for (const child of old.values()) child.remove();
}

const SIGNS = { available: "●", ringing: "◍", in_call: "☎", on_hold: "◔", wrap_up: "✎", paused: "Ⅱ", offline: "○" };
const ORDER = ["ringing", "in_call", "on_hold", "wrap_up", "available", "paused", "offline"];

const wanted = { text: "", queue: "", offline: false };
export const filter = (changes) => Object.assign(wanted, changes);

const fits = (...texts) => !wanted.text || texts.some((text) => text?.toLowerCase().includes(wanted.text));

function who(call) {
  const number = call.number ? national(call.number) : words.withheld;
  return call.name ? `${call.name} · ${number}` : number;
}

/** Who talks to the caller: a call that went out of the house is with the telephone it was handed to. */
const withWhom = (call) => (picture.agents[call.agent] || /^\d+$/.test(call.agent ?? "") ? agentName(call.agent) : words.outside);

function callRow() {
  return make("li", {}, make("span", { className: "who" }), make("span", { className: "time" }),
    make("span", { className: "acts" }), make("span", { className: "what" }));
}

const parts = (row) => Object.fromEntries([...row.children].map((child) => [child.className, child]));

function drawCall(row, call, what) {
  const { who: name, time, what: detail } = parts(row);
  put(name, who(call));
  put(time, length(call.since));
  time.dataset.since = call.since;
  put(detail, what);
}

function acts(row, wantedActs) {
  const holder = parts(row).acts;
  keep(holder, wantedActs.map((act) => [act.key, act]),
    (act) => make("button", { type: "button", dataset: { act: act.act, of: act.of } }),
    (button, act) => {
      put(button, act.label);
      Object.assign(button.dataset, { act: act.act, of: act.of });
      button.setAttribute("aria-label", `${act.label}: ${act.whom}`);
      button.disabled = Boolean(act.off);
    });
}

export function draw() {
  const limit = data.limit * 1000;
  const waiting = picture.waiting
    .filter((call) => (!wanted.queue || call.queue === wanted.queue) && fits(call.name, call.number, who(call)))
    .toSorted((one, other) => Date.parse(one.since) - Date.parse(other.since));
  keep(byId("waiting"), waiting.map((call) => [call.call, call]), callRow, (row, call) => {
    const late = now() - Date.parse(call.since) > limit;
    const note = [queueLabel(call.queue), call.callback && words.callback, late && words.late.replace("{seconds}", data.limit)];
    drawCall(row, call, note.filter(Boolean).join(" · "));
    row.toggleAttribute("data-late", late);
    acts(row, data.me.extension && !call.callback ? [{ key: "pull", act: "pull", of: call.call, label: words.pull, whom: who(call) }] : []);
  });
  const talking = picture.talking
    .filter((call) => (!wanted.queue || call.queue === wanted.queue) && fits(call.name, call.number, who(call), withWhom(call), call.agent));
  keep(byId("talking"), talking.map((call) => [call.call, call]), callRow, (row, call) => {
    const listeners = call.spies.map((spy) => `${agentName(spy.by)} (${words[spy.mode]})`);
    const note = [withWhom(call), queueLabel(call.queue), listeners.length && `${words.spied_by} ${listeners.join(", ")}`];
    drawCall(row, call, note.filter(Boolean).join(" · "));
    const mine = call.agent === data.me.extension;
    acts(row, data.me.extension && !mine && picture.agents[call.agent]
      ? ["listen", "whisper", "barge"].map((way) => ({ key: way, act: way, of: call.agent, label: words[way], whom: agentName(call.agent) }))
      : []);
  });
  drawAgents();
  for (const [id, count] of [["waiting", waiting.length], ["talking", talking.length]]) {
    put(byId(`n-${id}`), String(count));
    byId(`no-${id}`).hidden = count > 0;
  }
  byId("unheard").hidden = picture.heard;
  drawClosed();
}

function drawAgents() {
  const all = Object.entries(picture.agents);
  const shown = all
    .filter(([extension, agent]) => (wanted.offline || agent.state !== "offline") && (!wanted.queue || agent.queues.includes(wanted.queue))
      && fits(agent.name_th, agent.name_en, extension))
    .toSorted(([one, a], [other, b]) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || one.localeCompare(other));
  keep(byId("agents"), shown, () => make("tr", {}, make("td"), make("td", {}, make("span", { className: "state" })),
    make("td", { className: "time" }), make("td"), make("td", {}, make("button", { type: "button", dataset: { act: "manage" } }, words.manage))),
  (row, agent, extension) => {
    const [name, state, time, queues, manage] = row.children;
    put(name, `${agentName(extension)} · ${extension}${extension === data.me.extension ? ` ${words.you}` : ""}`);
    const reason = data.reasons.find((one) => one.name === agent.reason)?.label ?? "";
    const label = state.firstElementChild;
    put(label, agent.state === "paused" && reason ? `${words.paused} (${reason})` : words[agent.state]);
    Object.assign(label.dataset, { state: agent.state, sign: SIGNS[agent.state] });
    put(time, agent.since && agent.state !== "offline" ? length(agent.since) : "–");
    if (agent.since && agent.state !== "offline") time.dataset.since = agent.since;
    else delete time.dataset.since;
    put(queues, agent.queues.map(queueLabel).join(", ") || "–");
    manage.firstElementChild.dataset.of = extension;
    manage.firstElementChild.setAttribute("aria-label", `${words.manage}: ${agentName(extension)}`);
  });
  put(byId("n-agents"), String(shown.length));
  byId("no-agents").hidden = shown.length > 0;
  const counts = ORDER.map((state) => [state, all.filter(([, agent]) => agent.state === state).length]).filter(([, count]) => count);
  put(byId("tally"), counts.map(([state, count]) => `${SIGNS[state]} ${words[state]} ${count}`).join(" · "));
}

function drawClosed() {
  keep(byId("closed"), picture.closed.map((one) => [one.scope, one]),
    () => make("p", { className: "notice", dataset: { level: "bad" } }, make("span"), make("button", { type: "button", dataset: { act: "reopen" } }, words.open_again)),
    (row, one) => {
      const scope = one.scope === "all" ? words.all_numbers : one.scope;
      put(row.firstElementChild, `⚠ ${words.is_closed}: ${scope} ${words.since} ${clock(one.since)} ${words.by} ${one.by}${one.reason ? ` — ${one.reason}` : ""}`);
      row.lastElementChild.dataset.of = one.scope;
    });
}

/** Times that run, without drawing anew what did not change. */
export function tick() {
  for (const element of document.querySelectorAll(".floor [data-since]")) put(element, length(element.dataset.since));
  for (const row of byId("waiting").children) {
    const since = row.querySelector("[data-since]")?.dataset.since;
    if (since && !row.hasAttribute("data-late") && now() - Date.parse(since) > data.limit * 1000) draw();
  }
}
