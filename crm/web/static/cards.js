// The pages of transfer cards keep themselves fresh: what changed elsewhere is read anew, never what somebody is typing.
import { ask } from "./office.js";

const card = document.body.dataset.card;
const typed = new Set(); // forms that somebody has begun to fill in

document.addEventListener("input", (event) => {
  const form = event.target.closest("form");
  if (form?.method === "post") typed.add(form);
});

/** Fields that matter only with another result are hidden: a satisfied caller needs no next attempt. */
function fitFields() {
  for (const form of document.querySelectorAll("form[data-attempt]")) {
    const result = form.querySelector('input[name="result"]:checked')?.value;
    for (const part of form.querySelectorAll("[data-unless]")) part.hidden = part.dataset.unless === result;
  }
}
document.addEventListener("change", fitFields);
fitFields();

/** A form goes once, however often its button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  typed.delete(form);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

const busy = (part) => [...typed].some((form) => part.contains(form)) || (part.hasAttribute("data-forms") && part.contains(document.activeElement));

async function readAnew() {
  const address = new URL(location.href);
  address.searchParams.delete("done");
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!fresh || busy(part) || fresh.innerHTML === part.innerHTML) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.innerHTML = fresh.innerHTML;
    if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
  fitFields();
}

async function count() {
  const { cards } = await ask("GET", "/api/cards/count");
  for (const badge of document.querySelectorAll('[data-badge="cards"]')) {
    badge.textContent = cards;
    badge.hidden = !cards;
  }
}

let planned = null;
function soon() {
  clearTimeout(planned);
  planned = setTimeout(() => Promise.all([readAnew(), count()]).catch(() => {}), 150);
}

if (document.querySelector("[data-live]")) {
  const stream = new EventSource("/cards/events");
  let opened = false;
  stream.addEventListener("open", () => {
    if (opened) soon(); // something may have happened while the line was dead
    opened = true;
  });
  stream.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (!card || message.kind !== "card" || String(message.id) === card) soon();
  });
  addEventListener("pagehide", () => stream.close());
  count().catch(() => {});
}
