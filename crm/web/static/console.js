// The supervisor's console: the floor as it is, and orders about it.
import { LiveStream } from "./live-stream.js";
import { ask, toast } from "./office.js";
import { agentName, byId, clock, data, draw, filter, heardAt, keep, length, make, picture, put, queueLabel, take, tick, words } from "./console-picture.js";
import { startPhone } from "./console-phone.js";

const STALE_MILLISECONDS = 10_000;
const API = "/api/console";
let lastHeard = Date.now();
let managed = null;

/** Carries out an order; says so, or why not. */
async function order(path, body = {}, said = words.done) {
  try {
    const answer = await ask("POST", `${API}/${path}`, body);
    if (said) toast(said);
    return answer ?? {};
  } catch (error) {
    toast(error.data?.advice ?? words.failed, "bad");
    return null;
  }
}

/** Asks first; whether it was meant. */
function sure(text, yes) {
  const dialog = byId("sure");
  put(byId("sure-text"), text);
  put(byId("sure-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

const ACTS = {
  pull: (call) => order("pull", { call }),
  listen: (agent) => order("spy", { agent, mode: "listen" }, ""),
  whisper: (agent) => order("spy", { agent, mode: "whisper" }, ""),
  barge: (agent) => order("spy", { agent, mode: "barge" }, ""),
  reopen: (scope) => order("closure/open", { scope }),
  manage: openManage,
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) ACTS[button.dataset.act](button.dataset.of);
  const way = event.target.closest("[data-way]");
  if (way) order("spy/mode", { mode: way.dataset.way }, "");
});
byId("spying-stop").addEventListener("click", () => order("spy/stop", {}, ""));

// --- what I listen to

function mySpy() {
  for (const call of picture.talking) {
    const spy = call.spies.find((one) => one.by === data.me.extension);
    if (spy) return { ...spy, agent: call.agent };
  }
  return null;
}

function drawSpying() {
  const spy = mySpy();
  byId("spying").hidden = !spy;
  if (!spy) return;
  put(byId("spying-who"), agentName(spy.agent));
  put(byId("spying-time"), length(spy.since));
  put(byId("spying-hint"), words[`${spy.mode}_hint`]);
  for (const button of document.querySelectorAll("[data-way]")) {
    button.setAttribute("aria-pressed", String(button.dataset.way === spy.mode));
  }
}

// --- one agent

function openManage(extension) {
  const agent = picture.agents[extension];
  if (!agent) return;
  managed = extension;
  put(byId("manage-who"), `${agentName(extension)} · ${extension}`);
  put(byId("manage-state"), words[agent.state]);
  byId("manage-reason").replaceChildren(...data.reasons.map((reason) => make("option", { value: reason.name }, reason.label)));
  byId("manage-queues").replaceChildren(...data.queues.map((queue) => {
    const box = make("input", { type: "checkbox", value: queue.name, checked: agent.queues.includes(queue.name) });
    return make("label", { className: "check" }, box, ` ${queue.label}`);
  }));
  byId("manage-pause").hidden = agent.state === "paused";
  byId("do-ready").hidden = !["paused", "wrap_up"].includes(agent.state);
  byId("manage-fault").hidden = true;
  byId("manage").showModal();
}

async function manage(path, body) {
  try {
    await ask("POST", `${API}/agents/${managed}/${path}`, body ?? {});
    byId("manage").close();
    toast(words.done);
  } catch (error) {
    put(byId("manage-fault"), error.data?.advice ?? words.failed);
    byId("manage-fault").hidden = false;
  }
}

byId("do-pause").addEventListener("click", () => manage("pause", { reason: byId("manage-reason").value }));
byId("do-ready").addEventListener("click", () => manage("ready"));
byId("do-move").addEventListener("click", () => {
  const had = picture.agents[managed]?.queues ?? [];
  const boxes = [...byId("manage-queues").querySelectorAll("input")];
  manage("queues", {
    add: boxes.filter((box) => box.checked && !had.includes(box.value)).map((box) => box.value),
    remove: boxes.filter((box) => !box.checked && had.includes(box.value)).map((box) => box.value),
  });
});
byId("do-log-out").addEventListener("click", async () => {
  if (await sure(words.log_out_sure.replace("{name}", agentName(managed)), words.log_out)) manage("log-out");
});
byId("do-message").addEventListener("click", () => {
  byId("manage").close();
  const to = byId("message-to");
  const value = `agent:${managed}`;
  if (![...to.options].some((option) => option.value === value)) to.add(make("option", { value }, agentName(managed)));
  to.value = value;
  byId("message-text").focus();
});

// --- messages and closure

byId("message").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [kind, name] = byId("message-to").value.split(":");
  const text = byId("message-text").value;
  const sent = await order("messages", { text, urgent: byId("message-urgent").checked, ...(kind ? { [kind]: name } : {}) }, words.sent);
  if (!sent) return;
  byId("message-text").value = "";
  byId("message-urgent").checked = false;
});

byId("closure").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!(await sure(words.close_sure, words.close_now))) return;
  const done = await order("closure", { scope: byId("closure-scope").value, reason: byId("closure-reason").value });
  if (done) byId("closure-reason").value = "";
});

async function readMessages() {
  const found = await ask("GET", `${API}/messages`).catch(() => null);
  if (!found) return;
  keep(byId("lately"), found.map((one) => [String(one.id), one]),
    () => make("li", {}, make("p", { className: "text" }), make("p", { className: "muted small" })),
    (row, one) => {
      put(row.firstElementChild, one.text);
      const to = one.agent ? agentName(one.agent) : one.queue ? queueLabel(one.queue) : words.everybody;
      put(row.lastElementChild, `${clock(one.sent_at)} · ${one[`by_${data.language}`]} → ${to} · ${words.read_by.replace("{count}", one.read_by)}`);
    });
  byId("no-lately").hidden = found.length > 0;
}

// --- the stream

async function refresh() {
  const state = await ask("GET", `${API}/state`).catch(() => null);
  if (!state) return false;
  heardAt(state.now);
  lastHeard = Date.now();
  take(state, true);
  drawAll();
  return true;
}

function drawAll() {
  draw();
  drawSpying();
}

const stream = new LiveStream("/console/events", {
  heard(message) {
    lastHeard = Date.now();
    heardAt(message.at);
    if (message.kind === "console") {
      take(message);
      drawAll();
    } else if (message.kind === "floor-messages") readMessages();
    else if (message.kind === "lost") refresh();
    else if (message.kind === "logged-out") location.assign("/login?next=/console");
  },
  opened: () => {
    refresh();
    readMessages();
  },
  before: refresh,
});

setInterval(() => {
  const stale = !stream.source || Date.now() - lastHeard > STALE_MILLISECONDS;
  document.body.classList.toggle("is-stale", stale);
  byId("stale").hidden = !stale;
  if (stale) put(byId("stale"), `${words.stale} ${clock(lastHeard)}`);
  else {
    tick();
    drawSpying();
  }
}, 500);

for (const [id, change] of [
  ["filter", (element) => ({ text: element.value.trim().toLowerCase() })],
  ["only", (element) => ({ queue: element.value })],
  ["offline-too", (element) => ({ offline: element.checked })],
]) {
  byId(id).addEventListener("input", (event) => {
    filter(change(event.target));
    draw();
  });
}

heardAt(data.state.now);
take(data.state, true);
drawAll();
readMessages();
stream.open();
startPhone();
