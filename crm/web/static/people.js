// The search for people: answers while it is typed, by keyboard; a new caller is added beside it.
import { ask, RequestFailed } from "./office.js";

const WAIT_MILLISECONDS = 180;
const field = document.getElementById("q");
const box = document.getElementById("found");
const count = document.getElementById("count");
const rows = box.querySelector("tbody");
const most = Number(box.dataset.most);
let timer, running;

const when = (iso) => {
  if (!iso) return "";
  const at = new Date(iso);
  const thai = box.dataset.language === "th";
  return at.toLocaleString(thai ? "th-TH-u-ca-buddhist" : "en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
};

function cell(...parts) {
  const element = document.createElement("td");
  element.append(...parts);
  return element;
}

function row(person) {
  const line = document.createElement("tr");
  const link = Object.assign(document.createElement("a"), { href: `/people/${person.id}`, textContent: person.display_name });
  const numbers = cell(...person.numbers.slice(0, 2).flatMap((one, n) => (n ? [document.createElement("br"), one.shown] : [one.shown])));
  numbers.className = "number";
  line.append(cell(link), numbers, cell(person.province_label ?? ""), cell(person.occupation_label ?? ""), cell(when(person.last_contact_at)));
  return line;
}

async function find() {
  const asked = field.value.trim();
  running?.abort();
  const address = new URL(location.href);
  if (asked) address.searchParams.set("q", asked);
  else address.searchParams.delete("q");
  history.replaceState(null, "", address);
  if (asked.length < 2) {
    rows.replaceChildren();
    box.hidden = true;
    count.textContent = count.dataset.start;
    return;
  }
  running = new AbortController();
  try {
    const { people } = await ask("GET", `/api/people?limit=${most}&lang=${box.dataset.language}&q=${encodeURIComponent(asked)}`, undefined, { signal: running.signal });
    rows.replaceChildren(...people.map(row));
    box.hidden = !people.length;
    const text = !people.length ? count.dataset.none : people.length >= most ? count.dataset.many : count.dataset.found;
    count.textContent = text.replace("{count}", people.length);
  } catch (error) {
    if (error instanceof RequestFailed) count.textContent = error.status ? error.message : box.dataset.offline;
  }
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, WAIT_MILLISECONDS);
});

// Arrows go through the links, also from the field; Enter in the field opens the only one found.
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || document.querySelector("dialog[open]")) return;
  const links = [...rows.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (document.activeElement !== field && at < 0) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (next < 0 ? field : links[Math.min(next, links.length - 1)])?.focus();
});

field.form.addEventListener("submit", (event) => {
  const links = rows.querySelectorAll("a");
  if (links.length !== 1) return;
  event.preventDefault();
  location.assign(links[0].href);
});

// -- a new caller

const dialog = document.getElementById("new-person-dialog");
const form = document.getElementById("new-person-form");
const fault = document.getElementById("new-person-fault");
let key = null;

document.getElementById("new-person").addEventListener("click", () => {
  key = crypto.getRandomValues(new Uint32Array(3)).join("-");
  fault.hidden = true;
  const asked = field.value.trim();
  if (/^[+\d][\d\s().-]+$/.test(asked)) form.elements.number.value = asked;
  else if (asked && !form.elements.first_name.value) [form.elements.first_name.value, form.elements.last_name.value] = [asked.split(/\s+/)[0], asked.split(/\s+/).slice(1).join(" ")];
  dialog.showModal();
  form.elements.first_name.focus();
});
document.getElementById("new-person-cancel").addEventListener("click", () => dialog.close());

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { number, ...fields } = Object.fromEntries(new FormData(form));
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  try {
    const person = await ask("POST", `/api/people?lang=${box.dataset.language}`, { fields, number: number || null, key });
    location.assign(`/people/${person.id}`);
  } catch (error) {
    fault.textContent = error.data?.detail ?? (error.status ? error.message : box.dataset.offline);
    fault.hidden = false;
    const wrong = Object.keys(error.data?.problems ?? {})[0];
    if (!wrong) return;
    form.elements[wrong]?.setAttribute("aria-invalid", "true");
    form.elements[wrong]?.focus();
  }
});
