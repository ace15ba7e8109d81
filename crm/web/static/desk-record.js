// What is written down: who the caller is and what it was about; saved while it is typed, finished with one key.
import { Autosave, sendLeftovers } from "./autosave.js";
import { ask, toast } from "./office.js";
import { $, data, h, language, put, say, show, words } from "./desk-dom.js";
import { change, model, on, set, tell } from "./desk-model.js";
import { hear, watch } from "./desk-stream.js";
import { NewPerson } from "./desk-new-person.js";
import { searchField } from "./desk-search.js";
import { asked, shownState } from "./desk-state.js";
import { withNewestSteps } from "./desk-steps.js";

const BUDDHIST_ERA = 543;
const OPEN_RECORD = "desk-open-record";
const CONTACT_FIELDS = ["person_id", "topic_id", "kind", "department", "internal_extension", "notes", "question", "answer", "outcome", "language"];
const PERSON_FIELDS = ["title", "first_name", "last_name", "display_name", "language", "business_level", "occupation", "sex", "birth_year", "province", "email", "notes"];

let saving = null; // of the record
let person = null; // of the caller
let newcomer = null; // a caller whose name is being written
let topics = null;
let chosenEarly = null; // { call_id, person }: chosen while it rang, or before the record of the call was there

const picked = (object, names) => Object.fromEntries(names.map((name) => [name, object[name] ?? null]));
const unlessMissing = (error) => (error.status === 404 ? null : Promise.reject(error));

// -- which record is open

/** Opens a record; what was open stays a draft. */
export async function openRecord(id) {
  if (model.contact?.id === id) return;
  const contact = await ask("GET", `/api/contacts/${id}?lang=${language}`).catch(unlessMissing);
  if (contact) begin(contact);
}

function begin(contact) {
  if (saving?.id === contact.id) { // asked for twice, by the telephone and by a state read anew
    set({ contact: withNewestSteps(contact) });
    saving.refresh(picked(contact, CONTACT_FIELDS), contact.version);
    return;
  }
  end();
  sessionStorage.setItem(OPEN_RECORD, contact.id);
  set({ contact });
  saving = new Autosave({ kind: "contact", id: contact.id, version: contact.version, user: data.me, values: picked(contact, CONTACT_FIELDS) });
  saving.bind($("form"), { of: "contact", state: $("saved") });
  for (const field of CONTACT_FIELDS) saving.inputs.put(field, contact[field]);
  saving.addEventListener("saved", ({ detail: { contact: told } }) => {
    if (told?.id === model.contact?.id && told?.version >= model.contact.version) set({ contact: withNewestSteps(told) });
  });
  saving.addEventListener("changed", ({ detail }) => othersChanged(detail));
  put($("f-topic"), "");
  $("f-topic").value = contact.topic?.name ?? "";
  showMissing({});
  show($("similar"), false);
  const early = contact.call_id && chosenEarly?.call_id === contact.call_id ? chosenEarly : null;
  chosenEarly = null;
  if (early) putPerson(early.person);
  else know(contact.person_id);
}

function end() {
  saving?.close();
  saving = null;
  endPerson();
  set({ contact: null, card: null });
}

function close() {
  sessionStorage.removeItem(OPEN_RECORD);
  end();
  if (!["ringing", "talking", "held"].includes(model.call?.phase)) set({ call: null, person: null, profile: null });
}

/** The record of the call that goes on; else the one that was open before a reload. */
async function findOpen() {
  const open = ["talking", "held"].includes(model.call?.phase) || shownState() === "wrap_up";
  if (open && model.contact?.call_id === model.call?.call_id && model.contact) {
    await readAnew();
    return;
  }
  const { contact } = await ask("GET", `/api/contacts/current?lang=${language}`).catch(() => ({ contact: null }));
  if (contact && open && contact.call_id === model.call?.call_id) begin(contact);
  else if (!model.contact && !["ringing"].includes(model.call?.phase)) await reopen();
  else if (model.contact) await readAnew();
}

async function reopen() {
  const wanted = Number(new URLSearchParams(location.search).get("record") ?? sessionStorage.getItem(OPEN_RECORD));
  if (!wanted) return;
  const contact = await ask("GET", `/api/contacts/${wanted}?lang=${language}`).catch(unlessMissing);
  if (model.contact) return; // another one was opened meanwhile
  if (contact?.may_change && contact.state === "draft") begin(contact);
  else sessionStorage.removeItem(OPEN_RECORD);
}

/** The open record as it is now, unless it was closed while that was asked. */
async function readAnew() {
  const { id } = model.contact;
  const contact = await ask("GET", `/api/contacts/${id}?lang=${language}`);
  if (saving?.id !== id) return;
  set({ contact: withNewestSteps(contact) });
  saving.refresh(picked(contact, CONTACT_FIELDS), contact.version);
}

function told(message) {
  if (message.changes && message.id === model.contact?.id) {
    saving?.remote(message);
    const steps = message.steps?.map((step) => ({ ...step, name: step[`name_${language}`] }));
    const { id, version, state, marks } = message;
    change("contact", withNewestSteps({ ...message.changes, id, version, state, ...(steps ? { steps, marks } : {}) }));
    if ("person_id" in message.changes) know(message.changes.person_id);
    if ("topic_id" in message.changes) drawTopic();
    if (message.state === "finished" && model.contact && message.by?.client !== saving?.client) close();
  } else if (message.call_id && message.call_id === model.call?.call_id && message.state === "draft") {
    openRecord(message.id);
  }
}

// -- who the caller is

/** From now on the record's caller is this person (null: not known yet). `later`: typed since they were made. */
async function know(id, later = {}) {
  if ((person?.id ?? null) === id && (id || newcomer)) return;
  endPerson(later);
  if (!model.contact) return;
  if (!id) {
    startNewcomer();
    return;
  }
  const known = model.profile?.people?.find((one) => one.id === id) ?? (await ask("GET", `/api/contacts/pop?person_id=${id}&lang=${language}`).catch(() => null))?.people[0];
  if (!known || !model.contact || person) return;
  set({ person: known });
  person = new Autosave({ kind: "person", id: known.id, version: known.version, user: data.me, values: picked(known, PERSON_FIELDS), show: { birth_year: shownYear } });
  person.bind($("form"), { of: "person", state: $("saved") });
  for (const field of PERSON_FIELDS) {
    if (field in later) person.set(field, later[field]);
    else person.inputs.put(field, known[field]);
  }
  person.addEventListener("saved", ({ detail }) => change("person", detail.fields ?? {}));
  person.addEventListener("changed", ({ detail }) => { change("person", detail.fields); othersChanged(detail); });
  person.addEventListener("moved", ({ detail }) => saving?.set("person_id", detail.id, { now: true }));
  $("more").open = false;
  watchShown();
}

function endPerson(kept = {}) {
  person?.close();
  person = null;
  newcomer?.close();
  newcomer = null;
  for (const input of $("person-fields").querySelectorAll("[data-field]")) if (!(input.dataset.field in kept)) input.value = "";
}

function startNewcomer() {
  set({ person: null });
  newcomer = new NewPerson({
    contact: model.contact,
    number: model.contact.number ?? (model.call?.recognisable ? model.call.number : null),
    made: putPerson,
  });
  watchShown();
  // the name is asked first; once the form is there to be seen, and only when nobody is writing elsewhere
  setTimeout(() => { if (newcomer && document.activeElement === document.body) $("f-first_name").focus(); });
}

/** Somebody was chosen (null: none of those proposed): for the record that is open, or for the call that has none yet. */
export function choosePerson(chosen) {
  const { call, contact } = model;
  if (["ringing", "talking", "held"].includes(call?.phase) && contact?.call_id !== call.call_id) {
    chosenEarly = { call_id: call.call_id, person: chosen };
    keepInProfile(chosen);
    set({ person: chosen });
  } else if (saving) putPerson(chosen);
}

function keepInProfile(chosen) {
  const people = model.profile?.people ?? [];
  if (chosen && !people.some((one) => one.id === chosen.id)) set({ profile: { ...(model.profile ?? {}), people: [...people, chosen] } });
}

/** The open record is about this person. `later`: typed since they were made. */
function putPerson(chosen, later = {}) {
  const id = chosen?.id ?? null;
  keepInProfile(chosen);
  saving.set("person_id", id, { now: true });
  change("contact", { person_id: id });
  know(id, later);
}

function watchShown() {
  const topicsShown = [model.contact && `contact/${model.contact.id}`, person && `person/${person.id}`].filter(Boolean);
  watch(topicsShown);
}

const shownYear = (year) => (language === "th" ? year + BUDDHIST_ERA : year);

function othersChanged({ by }) {
  if (by?.name) tell(say("changed_by", { name: by.name }));
}

// -- subject

function drawTopic() {
  const { topic } = model.contact ?? {};
  if (document.activeElement !== $("f-topic")) $("f-topic").value = topic?.name ?? "";
  put($("topic-path"), topic?.path?.slice(0, -1).join(" › ") ?? "");
}

async function findTopics(text, signal) {
  if (!text) topics ??= (await ask("GET", `/api/topics?lang=${language}`)).topics;
  const found = text ? (await ask("GET", `/api/topics?lang=${language}&q=${encodeURIComponent(text)}`, undefined, { signal })).topics : topics;
  return found.filter((topic) => topic.depth > 0).slice(0, 40);
}

function chooseTopic(topic) {
  saving?.set("topic_id", topic.id, { now: true });
  change("contact", { topic, topic_id: topic.id });
  $("f-topic").value = topic.name;
  drawTopic();
  $("f-question").focus();
}

// -- finishing

function showMissing(missing) {
  put($("missing"), Object.values(missing).join(" · "));
  for (const wrap of $("form").querySelectorAll("[data-wrap]")) wrap.classList.toggle("missing", wrap.dataset.wrap in missing);
  const first = Object.keys(missing)[0];
  if (first) ($("form").querySelector(`[data-wrap="${first}"]`)?.querySelector("input, select, textarea"))?.focus();
  if (first) tell($("missing").textContent, true);
}

async function finish() {
  const { contact } = model;
  if (!contact || !saving || $("finish").getAttribute("aria-busy") === "true") return;
  $("finish").setAttribute("aria-busy", "true");
  try {
    await newcomer?.flush();
    const [record, caller] = await Promise.all([saving.flush(), person?.flush() ?? true]);
    if (!record || !caller) {
      toast(words.not_sent, "bad");
      return;
    }
    await ask("POST", `/api/contacts/${contact.id}/finish?lang=${language}`, { changes: {}, client: saving.client });
    const inWrapUp = shownState() === "wrap_up";
    close();
    toast(words.finished);
    tell(words.finished);
    if (inWrapUp) await asked("wrap-up/finish");
  } catch (error) {
    if (error.data?.missing) showMissing(error.data.missing);
    else toast(say("failed", { why: error.data?.detail ?? error.message }), "bad");
  } finally {
    $("finish").removeAttribute("aria-busy");
  }
}

/** What is plain is filled in; it can be changed. */
function proposeOutcome() {
  const { call, contact } = model;
  if (!saving || !call || call.phase !== "ended" || contact?.call_id !== call.call_id || contact.outcome) return;
  const outcome = call.handed_on ? "transferred" : call.ended_by === "agent" ? "answered" : null;
  if (!outcome || $("f-outcome").value || saving.isTyped("outcome")) return;
  saving.inputs.put("outcome", outcome);
  saving.set("outcome", outcome, { now: true });
  change("contact", { outcome });
}

/** An agent's own call to somebody outside has a record too, from the moment they are reached. */
function calledOut({ outbound }) {
  const busy = model.contact || ["ringing", "talking", "held"].includes(model.call?.phase);
  if (outbound.kind === "outside" && outbound.answered_at && !outbound.ended_at && !busy) newRecord({ number: outbound.number, key: outbound.outbound_id });
}

/** A record that no caller's call has made. */
async function newRecord({ number = null, key = null } = {}) {
  try {
    begin(await ask("POST", `/api/contacts?lang=${language}`, { direction: number ? "outbound" : "inbound", number, key }));
  } catch (error) {
    toast(say("failed", { why: error.data?.detail ?? error.message }), "bad");
  }
}

// -- drawing

function draw() {
  const { contact, call } = model;
  const ringing = call?.phase === "ringing" && contact?.call_id !== call.call_id;
  const writing = contact && !ringing;
  show($("form"), writing);
  placeHistory(writing);
  if (!contact) return;
  const talking = ["talking", "held"].includes(call?.phase) && contact.call_id === call.call_id;
  put($("finish-text"), shownState() === "wrap_up" ? words.save_ready : words.save_close);
  show($("form-foot"), !talking);
  drawTopic();
  const about = model.person;
  const more = about ? [about.occupation_label ?? about.occupation, about.sex && words[`sex_${about.sex}`], about.age && say("years", { count: about.age }), about.province_label ?? about.province, about.email] : [];
  put($("more-summary"), more.filter(Boolean).join(" · "));
}

/** While it rings there is nothing to write: what was before stands where one looks first. */
function placeHistory(writing) {
  const place = writing ? $("guide") : $("caller");
  if ($("history").parentElement !== place) place.append($("history"));
}

const focus = (id) => { if (!$(id).closest("[hidden]")) { $(id).focus(); $(id).select?.(); } };

export const recordActions = {
  finish,
  open: (record) => openRecord(record.id),
  "new-record": () => newRecord(),
  async "keep-draft"() {
    await Promise.all([newcomer?.flush(), saving?.flush(), person?.flush()]);
    close();
    toast(words.draft_kept);
  },
  "focus-caller": () => focus("f-first_name"),
  "focus-subject": () => focus("f-topic"),
  "focus-question": () => focus("f-question"),
  "focus-answer": () => focus("f-answer"),
};

export function startRecord() {
  hear("contact", told);
  hear("outbound", calledOut);
  hear("person", (message) => { if (message.id === person?.id) person.remote(message); });
  hear("refreshed", () => findOpen().catch(() => {}));
  hear("call", (message) => { if (["talking", "held"].includes(message.call.phase) && model.contact?.call_id !== message.call.call_id) findOpen().catch(() => {}); });
  on(["contact", "state", "call", "person", "phone"], draw);
  on(["call", "contact"], proposeOutcome);
  searchField($("f-topic"), $("found-topics"), {
    find: findTopics,
    draw: (topic) => [h("span", {}, topic.name, h("span", { class: "path", text: topic.path.slice(0, -1).join(" › ") }))],
    choose: chooseTopic,
    empty: true,
  });
  $("f-topic").addEventListener("blur", () => drawTopic());
  sendLeftovers(data.me);
}
