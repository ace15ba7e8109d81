// Who calls: number, name or "new caller", several people to choose from, what was before.
import { ask } from "./office.js";
import { $, callable, data, dateAndTime, fill, h, language, length, put, say, show, shownNumber, word, words } from "./desk-dom.js";
import { eachTick, model, on, secondsSince, set, tell } from "./desk-model.js";
import { choosePerson } from "./desk-record.js";
import { hear } from "./desk-stream.js";
import { searchField } from "./desk-search.js";

const OPEN = new Set(["ringing", "talking", "held"]);
let chosenFor = null; // call for which somebody was chosen, so that a later profile does not choose again
let searching = false;

export const queueLabel = (name) => data.queues.find((queue) => queue.name === name)?.[language] ?? name ?? "";

/** The call that the middle of the page is about: one that goes on, or the one that the open record is of. */
function shownCall() {
  const { call, contact } = model;
  if (!call) return null;
  return OPEN.has(call.phase) || (contact && contact.call_id === call.call_id) ? call : null;
}

// -- what comes in

function took(message) {
  const before = model.call;
  const open = before && OPEN.has(before.phase);
  const { call } = message;
  const profile = message.profile?.[language];
  if (open && call.call_id !== before.call_id && !["talking", "held"].includes(call.phase)) return; // of another call
  const other = !before || before.call_id !== call.call_id;
  set({ call });
  if (other) set({ profile: profile ?? null, looking: !profile, person: null });
  else if (profile) set({ profile, looking: false });
  if (profile) pick();
  if (other && call.phase === "ringing") announce();
}

function tookProfile(message) {
  if (message.call_id !== model.call?.call_id) return;
  set({ profile: message.profile?.[language] ?? null, looking: false });
  pick();
  if (model.call.phase === "ringing") announce();
}

/** One person on this number is that person, until the agent says otherwise. */
function pick() {
  const people = model.profile?.people ?? [];
  if (model.contact?.call_id === model.call?.call_id && model.contact) return; // the record knows who it is
  if (people.length === 1) set({ person: people[0] });
  else if (!people.some((one) => one.id === model.person?.id)) set({ person: null });
}

function announce() {
  const { call, person, profile } = model;
  const who = person?.display_name ?? (profile && !profile.people.length ? words.new_caller : "");
  tell(say("announce_ringing", { who: [who, shownNumber(call.number)].filter(Boolean).join(", ") }), true);
}

/** From now on the caller is this person. */
function choose(person) {
  chosenFor = model.call?.call_id ?? null;
  searching = false;
  choosePerson(person);
  drawWho();
  $("who-name").focus();
}

// -- drawing

function drawWho() {
  const call = shownCall();
  const visible = Boolean(call || model.contact);
  show($("caller"), visible);
  show($("idle"), !visible);
  if (!visible) return;
  const { person, profile, looking } = model;
  const people = profile?.people ?? [];
  const several = !person && people.length > 1 && chosenFor !== call?.call_id;
  const isNew = !person && profile && !people.length;
  put($("who-name"), person?.display_name ?? nameless(call, { several, isNew, looking }));
  drawBadges(person);
  drawFacts(call);
  drawNotice(call);
  show($("choose"), several);
  if (several) drawPeople(people);
  show($("change-person"), !several && (person || people.length || isNew) && ["talking", "held", "ended"].includes(call?.phase ?? "ended"));
  put($("change-person"), person ? words.change_person : words.search_person);
  const unknown = !person && call && !call.recognisable && call.phase !== "ringing";
  show($("search-people"), searching || unknown);
}

function nameless(call, { several, isNew, looking }) {
  if (looking) return words.looking_up;
  if (several) return words.unknown_caller;
  if (isNew && call?.recognisable !== false) return words.new_caller;
  if (call && !call.recognisable) return words.unknown_caller;
  return model.profile === null && call ? words.records_away : words.new_caller;
}

function drawBadges(person) {
  const badge = $("who-badge");
  const times = person?.contact_count ?? 0;
  put(badge, person ? words.returning : "");
  badge.dataset.level = "info";
  show(badge, person);
  if (person && times) put(badge, `${words.returning} · ${say("times_before", { count: times })}`);
  const level = person?.business_level;
  put($("who-level"), level ? words[`level_${level}`] : "");
  show($("who-level"), level);
}

function drawFacts(call) {
  const before = call && !model.person ? model.profile?.calls_before ?? 0 : 0;
  const number = call ? call.number : model.contact?.number;
  fill($("who-facts"), [Boolean(call), number, call?.queue, call?.language, before], () => [
    number ? callable(number) : call && h("b", { text: words.hidden_number }),
    call?.queue && h("span", {}, queueLabel(call.queue)),
    call?.language && h("span", {}, `${words.language} `, h("b", { text: words[`language_${call.language}`] })),
    before > 0 && h("span", { text: say("calls_before", { count: before }) }),
    call && h("span", {}, `${words.wait} `, h("b", { id: "who-wait", text: length(waited(call)) })),
  ].filter(Boolean));
}

function waited(call) {
  if (call.answered_at) return (Date.parse(call.answered_at) - Date.parse(call.arrived_at)) / 1000;
  if (call.ended_at) return (Date.parse(call.ended_at) - Date.parse(call.arrived_at)) / 1000;
  return secondsSince(call.arrived_at);
}

function drawNotice(call) {
  let text = "";
  if (call?.from_agent) text = say("from_colleague", { name: colleagueName(call.from_agent) });
  else if (call?.is_callback) text = words.callback_call;
  put($("who-notice"), text);
  show($("who-notice"), text);
}

export const colleagueName = (extension) => data.colleagues[extension]?.[language] || extension;

function drawPeople(people) {
  const line = (person) => [person.province_label ?? person.province, word("level", person.business_level), lastSeen(person)].filter(Boolean).join(" · ");
  fill($("people"), people, () => [
    ...people.map((person) => h("li", {}, h("button", { type: "button", "data-person": person.id, onclick: () => choose(person) },
      h("b", { text: person.display_name }), h("span", { class: "small", text: line(person) })))),
    h("li", {}, h("button", { type: "button", onclick: () => choose(null), text: words.someone_else })),
  ]);
}

const lastSeen = (person) => (person.contacts?.[0] ? dateAndTime(person.contacts[0].at) : "");

function drawHistory() {
  const { person, profile } = model;
  const call = shownCall();
  show($("history"), call || model.contact);
  const contacts = person?.contacts ?? [];
  put($("person-notes"), person?.notes ?? "");
  show($("person-notes"), person?.notes);
  $("contacts").replaceChildren(...contacts.map((contact) => h("li", {},
    h("p", { class: "top" }, h("span", { text: dateAndTime(contact.at) }), h("span", {}, contact.agent ?? "", " ", rating(contact.rating))),
    h("p", { class: "what" }, h("b", { text: contact.subject ?? (contact.state === "draft" ? words.unfinished : "–") }), contact.summary ? ` ${contact.summary}` : ""))));
  show($("history-none"), !contacts.length && !model.looking);
  const cards = person?.cards ?? profile?.cards ?? [];
  show($("cards-box"), cards.length);
  fill($("cards"), cards, () => cards.map((card) => h("li", {},
    h("p", { class: "top" }, h("a", { href: card.url, target: "_blank", rel: "noopener", text: `${words.card} ${card.number}` }), h("span", { class: card.overdue ? "late" : "", text: card.state_label })),
    h("p", { class: "what", text: [card.to, card.question].filter(Boolean).join(" · ") }))));
  show($("open-person"), person);
  if (person) $("open-person").href = `/people/${person.id}`;
}

function rating(meaning) {
  if (!meaning) return "";
  const level = { impressed: "good", satisfied: "good", not_satisfied: "bad" }[meaning];
  return h("span", { class: "badge", "data-level": level, text: word("survey", meaning) });
}

function tick() {
  const call = shownCall();
  const cell = $("who-wait");
  if (cell && call) put(cell, length(waited(call)));
}

export const callerActions = {
  "change-person": () => {
    searching = !searching;
    drawWho();
    if (searching) $("search-person").focus();
  },
};

export function startCaller() {
  hear("call", took);
  hear("profile", tookProfile);
  hear("refreshed", () => { set({ looking: false }); pick(); });
  on(["call", "profile", "person", "contact", "looking"], drawWho);
  on(["call", "profile", "person", "contact"], drawHistory);
  eachTick(tick);
  searchField($("search-person"), $("found-people"), {
    find: async (text, signal) => (await ask("GET", `/api/people?q=${encodeURIComponent(text)}`, undefined, { signal })).people,
    draw: (person) => [h("span", {}, person.display_name, h("span", { class: "path", text: [person.province_label, ...(person.numbers ?? []).map((one) => one.shown)].filter(Boolean).join(" · ") }))],
    choose: (person) => { $("search-person").value = ""; choose(person); },
  });
  pick();
}
