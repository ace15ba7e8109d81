// The knowledge base and the basket beside the call, by keyboard (H5, H6); the summary drafts itself (H9).
import { ask, toast } from "./office.js";
import { BasketView } from "./basket-view.js";
import { $, data, h, language, put, show } from "./desk-dom.js";
import { model, on, tell } from "./desk-model.js";
import { line } from "./desk-phone.js";
import { hear } from "./desk-stream.js";
import { national } from "./numbers.js";
import { steady } from "./steady-list.js";

const { words } = data.basket;
const TYPED_MILLISECONDS = 120;
const SUBJECT_MILLISECONDS = 250; // behind the record, which waits itself until nobody types
const MOST_SHOWN = 5;

let hits = [];
let at = 0;
let chosen = null; // the hit that the arrows went to: it stays chosen when the list is drawn anew
let redraw = (draw) => draw();
let timer = null;
let running = null;
let suggestedFor = "";
let view = null;
let opened = null; // the record that the panel is about
let drafted = "";
let items = []; // of the basket
let inBasket = []; // what of it was not sent

const say = (name, values) => words[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
const path = (rest) => `/api/basket/${model.contact.id}${rest}${rest.includes("?") ? "&" : "?"}lang=${language}`;
/** What answered it: kind, ref, title. */
const used = (id = model.contact?.id) => JSON.parse(sessionStorage.getItem(`basket-used-${id}`) ?? "[]");
const failed = (error) => { if (error.name !== "AbortError") toast(error.data?.detail ?? error.message, "bad"); };

// -- finding

/** `byItself`: nobody asked, so what the agent is about to take stays under the key. */
async function find(question, byItself = false) {
  if (!model.contact) return;
  running?.abort();
  running = new AbortController();
  const mine = running;
  const { id } = model.contact;
  try {
    const found = await ask("GET", path(`/find?q=${encodeURIComponent(question)}`), undefined, { signal: mine.signal });
    redraw(() => {
      if (mine !== running || id !== model.contact?.id) return; // another question, another caller
      const held = byItself && document.activeElement === $("know-search") ? hits[at] : chosen;
      const shown = found.hits.slice(0, MOST_SHOWN);
      if (byItself && held && !shown.some((hit) => same(hit, held))) shown.splice(at, 0, held);
      hits = shown.slice(0, MOST_SHOWN);
      at = Math.max(0, hits.findIndex((hit) => same(hit, held)));
      drawHits(Boolean(question));
    });
  } catch (error) {
    if (error.name !== "AbortError") redraw(() => drawHits(Boolean(question), true));
  }
}

const same = (hit, other) => hit.kind === other?.kind && hit.ref === other?.ref;

/** What fits the subject and the question so far, when nothing is asked for. */
function suggest() {
  const { contact } = model;
  if (!contact || $("know-search").value.trim()) return;
  const about = `${contact.id} ${contact.topic_id ?? ""} ${contact.question ?? ""}`;
  if (about === suggestedFor) return;
  suggestedFor = about;
  clearTimeout(timer);
  timer = setTimeout(() => find("", true), SUBJECT_MILLISECONDS);
}

function drawHits(asked, away = false) {
  const nothing = asked && !hits.length && !away;
  put($("know-title"), nothing ? words.nothing_found : !asked && hits.length ? words.suggested : "");
  $("know-found").replaceChildren(...hits.map(drawHit));
  if (nothing) tell(words.nothing_found);
  $("know-search").setAttribute("aria-expanded", String(hits.length > 0));
  mark();
}

/** A row of the grid that the field controls: what is found, and its key for the mouse. */
function drawHit(hit, index) {
  return h("div", {
    role: "row", id: `know-found-${index}`, "aria-selected": String(index === at), class: "know-hit",
    onpointerdown: (event) => event.preventDefault(),
    onclick: () => read(hit),
  },
    h("div", { role: "gridcell", class: "know-hit-told" },
      h("span", { class: "know-hit-title" }, h("span", { class: "badge", text: hit.kind_name }), ` ${hit.title}`),
      h("span", { class: "know-marks small", text: marksOf(hit) }),
      hit.warning && h("span", { class: "know-warning small", text: hit.warning }),
      hit.snippet && h("span", { class: "know-snippet small muted", text: hit.snippet })),
    h("div", { role: "gridcell" },
      h("button", { type: "button", class: "small know-put", tabindex: "-1", text: words.put_in, onclick: (event) => { event.stopPropagation(); putIn(hit); } })));
}

/** What became of it in this call. */
function marksOf(hit) {
  const marks = [used().some((one) => same(one, hit)) && words.answered_it, inBasket.some((item) => same(item, hit)) && words.in_basket];
  return marks.filter(Boolean).map((mark) => `✓ ${mark}`).join("  ");
}

function drawMarks() {
  for (const [index, element] of [...$("know-found").children].entries()) put(element.querySelector(".know-marks"), marksOf(hits[index]));
}

function mark() {
  for (const [index, element] of [...$("know-found").children].entries()) {
    element.setAttribute("aria-selected", String(index === at));
    if (index === at) $("know-search").setAttribute("aria-activedescendant", element.id);
  }
  if (!hits.length) $("know-search").removeAttribute("aria-activedescendant");
}

function pressed(event) {
  if (event.isComposing) return;
  const hit = hits[at];
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (hits.length) at = (at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length;
    chosen = hits[at] ?? null;
    mark();
  } else if (event.key === "Enter" && !event.ctrlKey && hit) {
    if (event.shiftKey) read(hit);
    else if (event.altKey) answered(hit);
    else putIn(hit);
  } else if (event.key === "Escape" && $("know-search").value) {
    $("know-search").value = "";
    chosen = null;
    hits = [];
    drawHits(false);
    find("");
  } else return;
  event.preventDefault();
}

// -- what is found is read, put in, has answered it

async function read(hit) {
  try {
    const piece = await ask("GET", path(`/piece?kind=${hit.kind}&ref=${encodeURIComponent(hit.ref)}`));
    const text = h("div", { class: `article${piece.html ? "" : " plain"}` });
    if (piece.html) text.innerHTML = piece.html; // made safe by the server, and the page's policy lets nothing run
    else text.textContent = piece.text ?? "";
    put($("piece-title"), piece.title);
    $("piece-body").replaceChildren(...[
      piece.warning && h("p", { class: "notice", "data-level": "near", text: piece.warning }), text,
      piece.url && h("p", {}, h("a", { href: piece.url, target: "_blank", rel: "noopener noreferrer", text: piece.url })),
      piece.numbers.length && h("p", { class: "row" }, ...callsTo(piece.numbers)),
      ...piece.files.map((name) => h("p", { class: "small muted", text: name })),
    ].filter(Boolean));
    $("piece-put").onclick = () => { $("piece").close(); putIn(hit); };
    $("piece-answered").onclick = () => { $("piece").close(); answered(hit); };
    $("piece").showModal();
  } catch (error) {
    failed(error);
  }
}

/** One key hands the caller on to the officer; without a caller it calls. */
function callsTo(numbers) {
  const talking = ["talking", "held"].includes(line()?.phase);
  return numbers.map((number, index) => talking
    ? h("button", { type: "button", "data-hand-on": number, "aria-keyshortcuts": index ? null : "Alt+T", onclick: () => handOn(number) },
      say("hand_on", { number: national(number) }), index ? null : h("kbd", { "aria-hidden": "true", text: "Alt T" }))
    : h("button", { type: "button", "data-call": number, onclick: () => $("piece").close(), text: say("call_officer", { number: national(number) }) }));
}

async function handOn(number) {
  $("piece").close();
  try {
    await ask("POST", "/api/telephone/transfer", { to: number });
    toast(say("hand_on", { number: national(number) }));
  } catch (error) {
    toast(error.data?.detail?.advice ?? error.data?.advice ?? error.message, "bad");
  }
}

async function putIn(hit) {
  try {
    const already = inBasket.some((item) => same(item, hit));
    const basket = await ask("POST", path("/items"), { kind: hit.kind, ref: hit.ref });
    if (basket.contact_id === model.contact?.id) drawBasket(basket);
    const told = say(already ? "in_basket_told" : "put_in_told", { title: hit.title });
    toast(told);
    tell(told);
  } catch (error) {
    failed(error);
  }
}

async function answered(hit) {
  const { id } = model.contact;
  try {
    await ask("POST", path("/answered"), { kind: hit.kind, ref: hit.ref, question: $("know-search").value.trim() });
    const known = used(id).filter((one) => !same(one, hit));
    sessionStorage.setItem(`basket-used-${id}`, JSON.stringify([...known, { kind: hit.kind, ref: hit.ref, title: hit.title }].slice(-10)));
    drawMarks();
    toast(words.answered_told);
    tell(words.answered_told);
  } catch (error) {
    failed(error);
  }
}

// -- the basket

function drawBasket(basket) {
  items = basket.items;
  inBasket = items.filter((item) => item.standing !== "sent");
  drawMarks();
  const open = inBasket.length;
  put($("know-count"), String(open));
  show($("know-count"), open > 0);
  const trouble = basket.letters.find((letter) => ["refused", "uncertain", "bounced"].includes(letter.state));
  const waiting = basket.letters.find((letter) => ["queued", "sending"].includes(letter.state));
  const letter = trouble ?? waiting ?? basket.letters[0];
  put($("know-letter"), letter ? `${letter.recipient} · ${letter.state_name}` : "");
  $("know-letter").dataset.level = trouble ? "bad" : letter ? "good" : "";
  if (basket.visitor_says) tell(basket.visitor_says, true);
}

async function readBasket() {
  if (!model.contact) return;
  const basket = await ask("GET", path("")).catch(() => null);
  if (basket && basket.contact_id === model.contact?.id) drawBasket(basket);
}

function openBasket() {
  if (!model.contact) return;
  view?.close();
  view = new BasketView($("basket-body"), { contact: model.contact.id, words, language });
  view.addEventListener("changed", ({ detail }) => drawBasket(detail));
  view.addEventListener("sent", () => draft());
  view.addEventListener("changed", () => {
    if (!$("basket-body").contains(document.activeElement)) view?.inputs.recipient.focus();
  }, { once: true });
  $("basket-summary").href = `/basket/${model.contact.id}/summary?lang=${language}`;
  $("basket").showModal();
}

// -- the summary (H9)

/** Drafts the summary, unless the agent has written one. `asked`: by its button; then a draft replaces a draft only. */
async function draft(asked = false) {
  const field = $("f-answer");
  const own = field.value.trim() && field.value !== drafted;
  if (!model.contact || (own && !asked)) return;
  try {
    const given = used().filter((one) => !items.some((item) => same(item, one))); // the basket's are told by the server, in the letter's language
    const more = given.map(({ title }) => `&used=${encodeURIComponent(title)}`).join("");
    const { text } = await ask("GET", path(`/draft-summary?${more.slice(1)}`));
    if (!text) return;
    field.value = own ? `${field.value.trimEnd()}\n${text}` : text;
    drafted = field.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    tell(words.drafted);
    if (asked) field.focus();
  } catch (error) {
    failed(error);
  }
}

function draw() {
  const { contact, call } = model;
  show($("know"), contact);
  if (!contact) {
    opened = null;
    if ($("basket").open) $("basket").close();
    return;
  }
  if (opened !== contact.id) {
    opened = contact.id;
    drafted = "";
    hits = [];
    items = inBasket = [];
    chosen = null;
    suggestedFor = "";
    $("know-search").value = "";
    drawHits(false);
    put($("know-letter"), "");
    show($("know-count"), false);
    readBasket();
  }
  suggest();
  if (call?.phase === "ended" && contact.call_id === call.call_id && !contact.answer && !drafted && (used().length || $("know-count").textContent !== "0")) draft();
}

export const knowledgeActions = {
  "focus-knowledge"() {
    if ($("know").hidden) return;
    $("know-search").focus();
    $("know-search").select(); // what is typed now is another question
  },
  basket: openBasket,
  "draft-summary": () => draft(true),
};

export function startKnowledge() {
  const field = $("know-search");
  redraw = steady($("know-found"));
  field.addEventListener("input", () => {
    clearTimeout(timer);
    suggestedFor = "";
    timer = setTimeout(() => find(field.value.trim()), TYPED_MILLISECONDS);
  });
  field.addEventListener("keydown", pressed);
  $("piece").addEventListener("keydown", (event) => {
    if (!event.altKey || event.repeat) return;
    const key = event.key === "Enter" ? $("piece-answered") : event.code === "KeyT" ? $("piece-body").querySelector("[data-hand-on]") : null;
    if (!key) return;
    event.preventDefault();
    key.click();
  });
  $("basket").addEventListener("close", () => {
    view?.close();
    view = null;
    $("basket-body").replaceChildren();
  });
  hear("basket", (message) => {
    if (message.id !== model.contact?.id) return;
    if (view) view.read();
    else readBasket();
  });
  on(["contact", "call"], draw);
}
