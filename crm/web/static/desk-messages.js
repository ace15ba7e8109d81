// What supervisors say to the floor: above everything, until it is read.
import { ask } from "./office.js";
import { $, data, h, language, words } from "./desk-dom.js";
import { model, tell } from "./desk-model.js";
import { hear } from "./desk-stream.js";

const SHOWN_MILLISECONDS = 60_000; // one that is not urgent goes by itself
const shown = new Map();
let list = null;

const forMe = (message) => !message.queue || model.agent.queues.includes(message.queue);

async function read(id) {
  shown.get(id)?.remove();
  shown.delete(id);
  await ask("POST", `/api/floor-messages/${id}/read`).catch(() => {}); // shown again on the next visit then
}

function show(message) {
  if (shown.has(message.id) || !forMe(message)) return;
  const at = new Date(message.sent_at).toLocaleTimeString(language === "th" ? "th-TH" : "en-GB", { hour: "2-digit", minute: "2-digit", timeZone: data.zone });
  const item = h("li", {}, h("div", { class: "notice", "data-level": message.urgent ? "bad" : "info", role: message.urgent ? "alert" : "status" },
    h("span", { class: "text", text: message.text }),
    h("span", { class: "small", text: `${message[`by_${language}`] || message.by_th} · ${at}` }),
    h("button", { type: "button", text: words.floor_read, onclick: () => read(message.id) })));
  shown.set(message.id, item);
  list.append(item);
  tell(message.text);
  if (!message.urgent) setTimeout(() => shown.has(message.id) && !document.hidden && read(message.id), SHOWN_MILLISECONDS);
}

async function look() {
  const found = await ask("GET", "/api/floor-messages").catch(() => []);
  for (const message of found) show(message);
}

export function startMessages() {
  list = h("ul", { class: "floor-messages", "aria-label": words.floor_messages });
  $("trouble").before(list);
  hear("floor-message", show);
  hear("refreshed", look);
}
