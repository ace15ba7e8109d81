// What waits for this agent when no call does.
import { ask } from "./office.js";
import { $, h, words } from "./desk-dom.js";
import { model, on, set } from "./desk-model.js";
import { hear } from "./desk-stream.js";

const PLACES = ["unfinished", "callbacks", "missed", "messages", "cards"];

function draw() {
  const lines = PLACES.filter((name) => model.counts?.[name]).map((name) => h("li", {},
    h("a", { href: name === "cards" ? "/cards" : `/inbox#${name}`, "data-to-do": name },
      h("span", { text: words[`to_do_${name}`] }), h("b", { text: String(model.counts[name]) }))));
  $("to-do").replaceChildren(...(lines.length ? lines : [h("li", { class: "muted", text: words.to_do_none })]));
  for (const badge of document.querySelectorAll("[data-badge]")) {
    const names = badge.dataset.badge === "inbox" ? PLACES.filter((name) => name !== "cards") : [badge.dataset.badge];
    const count = names.reduce((sum, name) => sum + (model.counts?.[name] ?? 0), 0);
    badge.textContent = String(count);
    badge.hidden = !count;
  }
}

async function read() {
  const counts = await ask("GET", "/api/inbox/counts").catch(() => null);
  if (counts) set({ counts });
}

export function startIdle() {
  hear("inbox", (message) => set({ counts: { ...model.counts, ...message.counts } }));
  hear("refreshed", read);
  on(["counts"], draw);
}
