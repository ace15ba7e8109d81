// Saves what is typed, field by field, while it is typed; nothing typed is lost.
//
//   const saving = new Autosave({ kind: "contact", id: 7, version: 3, user: 12, values: {...} });
//   saving.bind(root, { of: "contact" });       // inputs with data-of="contact" data-field="…"
//   saving.set("topic_id", 5);                  // what is no input
//   saving.remote(message);                     // live messages of contact/7 (kind, version, changes, by)
//   await saving.flush();                       // true when everything is saved
//
// Events: `state` (detail {state, text}: saved, saving, waiting, logged-out, invalid, refused), `changed` (detail {fields, by}:
// somebody else's, already in the inputs), `told` (detail {field, value, by}: somebody else's, beside what is typed here),
// `moved` (detail {id}: the person was merged). The server's side is crm/autosave.
import { Drafts, leftBy } from "./drafts.js";
import { csrf, renewSession } from "./office.js";
import { FieldInputs } from "./autosave-inputs.js";

const PATHS = { contact: "/api/contacts", person: "/api/people" };
const TYPING_MILLISECONDS = 600;
const LONG_TEXT_MILLISECONDS = 1200; // each save of a long text is a line in the audit
const FIRST_RETRY_MILLISECONDS = 1000;
const LONGEST_RETRY_MILLISECONDS = 15000;
const LOG_IN_MILLISECONDS = 3000;
const ANSWER_MILLISECONDS = 15000;
const WORDS = {
  th: {
    saved: "บันทึกแล้ว", saving: "กำลังบันทึก…", waiting: "ยังไม่ได้บันทึก เก็บไว้ในเครื่องนี้แล้ว จะส่งเองเมื่อเชื่อมต่อได้",
    "logged-out": "ออกจากระบบแล้ว ที่พิมพ์ไว้เก็บในเครื่องนี้ เข้าสู่ระบบแล้วจะบันทึกเอง", refused: "บันทึกไม่ได้",
    invalid: "บันทึกแล้ว แต่มีช่องที่ต้องแก้ไข",
    log_in: "เข้าสู่ระบบ", wrote: "{name} แก้เป็น", take: "ใช้ค่านี้", empty: "(ว่าง)", somebody: "ระบบ",
  },
  en: {
    saved: "Saved", saving: "Saving…", waiting: "Not saved yet: kept on this computer, will be sent by itself",
    "logged-out": "Logged out: what you typed is kept on this computer and saved after the log-in", refused: "Cannot be saved",
    invalid: "Saved, but for a field that has to be corrected",
    log_in: "Log in", wrote: "{name} changed it to", take: "Take this", empty: "(empty)", somebody: "The system",
  },
};

/** Random, also on pages without https. */
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const words = WORDS[document.documentElement.lang] ?? WORDS.th;

export class Autosave extends EventTarget {
  constructor({ kind, id, version, user, values = {}, client = random(), show = {} }) {
    super();
    Object.assign(this, { kind, id, version, user, client });
    this.values = { ...values }; // as the server has them
    this.versions = {}; // field → the change that wrote it, as far as messages told: answers may come later than those
    this.whole = version; // of the last picture of all fields: changes of single fields may be known that are newer
    this.drafts = new Drafts(`${user}:${kind}/${id}`);
    this.typed = new Map(); // field → {value, at, version, problem?}: not sent yet
    this.batches = new Map(); // key → {changes, version, at}: sent, and not answered yet
    this.inputs = new FieldInputs(this, words, show);
    this.retry = FIRST_RETRY_MILLISECONDS;
    this.state = "saved";
    this.sending = null;
    this.closing = false;
    this.onOnline = () => this.typed.size + this.batches.size && this.soon(0);
    this.onHide = () => this.leave();
    addEventListener("online", this.onOnline);
    addEventListener("focus", this.onOnline);
    addEventListener("pagehide", this.onHide);
    this.ready = this.takeUp();
  }

  /** What an earlier page left unsaved goes into the inputs, and to the server. */
  async takeUp() {
    for (const [name, entry] of await this.drafts.read()) {
      const [what, rest] = [name.slice(0, 1), name.slice(2)];
      if (what === "b" && !this.batches.has(rest)) this.batches.set(rest, entry);
      if (what === "f" && !this.typed.has(rest)) this.typed.set(rest, entry);
    }
    const left = [...this.batches.values()].sort((one, other) => one.at - other.at);
    for (const { changes } of left) for (const [field, value] of Object.entries(changes)) this.inputs.restore(field, value);
    for (const [field, { value, problem }] of this.typed) this.inputs.restore(field, value, problem);
    if (this.unsent) this.soon(0);
    else this.settle();
  }

  /** Nothing waits any more. */
  settle() {
    this.say([...this.typed.values()].some((one) => one.problem) ? "invalid" : "saved");
    if (this.closing) this.end();
  }

  /** Inputs with `data-of` and `data-field` below ``root``, or with `data-field` alone; and where the state is said. */
  bind(root, { of = null, state = null } = {}) {
    this.inputs.bind(root, of);
    if (state) this.inputs.sayAt(state);
    for (const [field, { value, problem }] of this.typed) this.inputs.restore(field, value, problem);
    return this;
  }

  /** Lets go of the inputs; what is not saved yet is sent until it is. */
  close() {
    this.inputs.unbind();
    this.closing = true;
    if (this.unsent) this.soon(0);
    else this.end();
  }

  end() {
    clearTimeout(this.timer);
    removeEventListener("online", this.onOnline);
    removeEventListener("focus", this.onOnline);
    removeEventListener("pagehide", this.onHide);
  }

  get unsent() {
    return this.batches.size > 0 || [...this.typed.values()].some((one) => !one.problem);
  }

  /** Whether ``field`` has something that the server has not. */
  isTyped(field) {
    return this.typed.has(field) || [...this.batches.values()].some(({ changes }) => field in changes);
  }

  /** ``field`` was typed or chosen. */
  set(field, value, { long = false, now = false } = {}) {
    const entry = { value: value === "" ? null : value, at: Date.now(), version: this.typed.get(field)?.version ?? this.version };
    if (!this.isTyped(field) && entry.value === (this.values[field] ?? null)) return;
    this.typed.set(field, entry);
    this.drafts.put(`f:${field}`, entry);
    if (this.state === "saved") this.say("saving");
    this.soon(now ? 0 : long ? LONG_TEXT_MILLISECONDS : TYPING_MILLISECONDS);
  }

  /** Sends what waits now; true when everything is saved. */
  async flush() {
    await this.ready;
    clearTimeout(this.timer);
    while (this.sending) await this.sending;
    while (this.unsent && (await this.send()));
    return !this.unsent && ![...this.typed.values()].some((one) => one.problem);
  }

  /** A live message of this subject. */
  remote(message) {
    if (message.by?.client === this.client) return;
    if (message.merged_into) this.dispatchEvent(new CustomEvent("moved", { detail: { id: message.merged_into } }));
    const changes = Object.fromEntries(Object.entries(message.changes ?? {}).map(([field, value]) => [field, { value, by: message.by }]));
    for (const field of Object.keys(changes)) this.versions[field] = message.version;
    this.take(changes);
    this.version = Math.max(this.version, message.version ?? 0);
  }

  /** The subject as it was read anew, after messages may have been missed. */
  refresh(values, version) {
    if (version < this.whole) return;
    this.whole = version;
    const news = (field) => field in this.values && !(this.versions[field] > version);
    const changes = Object.entries(values).filter(([field, value]) => news(field) && value !== this.values[field]);
    this.take(Object.fromEntries(changes.map(([field, value]) => [field, { value, by: null }])));
    this.version = Math.max(this.version, version);
  }

  // -- from here on: how

  soon(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), milliseconds);
  }

  say(state, text = words[state]) {
    this.state = state;
    this.inputs.say(state, text);
    this.dispatchEvent(new CustomEvent("state", { detail: { state, text } }));
  }

  /** The page goes away: what is typed is sent without waiting for the answer; it stays kept until one came. */
  leave() {
    if (this.sending || !this.unsent) return;
    const [key, batch] = this.oldestBatch() ?? this.makeBatch() ?? [];
    if (key) this.request(key, batch, { keepalive: true }).catch(() => {});
  }

  oldestBatch() {
    return [...this.batches].sort(([, one], [, other]) => one.at - other.at)[0];
  }

  /** What is typed becomes one request, with a key by which the server knows it when it comes again. */
  makeBatch() {
    const fields = [...this.typed].filter(([, one]) => !one.problem);
    if (!fields.length) return null;
    const batch = {
      changes: Object.fromEntries(fields.map(([field, { value }]) => [field, value])),
      version: Math.min(...fields.map(([, one]) => one.version)),
      at: Date.now(),
    };
    const key = random();
    this.batches.set(key, batch);
    this.drafts.put(`b:${key}`, batch);
    for (const [field] of fields) {
      this.typed.delete(field);
      this.drafts.drop(`f:${field}`);
    }
    return [key, batch];
  }

  send() {
    this.sending ??= this.sendOnce().finally(() => { this.sending = null; });
    return this.sending;
  }

  /** One request; whether it was answered. */
  async sendOnce() {
    await this.ready;
    const [key, batch] = this.oldestBatch() ?? this.makeBatch() ?? [];
    if (!key) return false;
    if (this.state !== "waiting" && this.state !== "logged-out") this.say("saving");
    let answer, data;
    try {
      answer = await this.request(key, batch, { signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
      data = await answer.json().catch(() => ({}));
    } catch {
      return this.wait("waiting", this.retry);
    }
    if (answer.ok) return this.saved(key, batch, data);
    if (answer.status === 401 || (answer.status === 403 && !data.code)) return this.logInAgain();
    if (answer.status >= 500 || [408, 425, 429].includes(answer.status)) return this.wait("waiting", this.retry);
    this.say("refused", `${words.refused}: ${data.detail ?? answer.status}`);
    return false;
  }

  request(key, batch, more) {
    return fetch(`${PATHS[this.kind]}/${this.id}?lang=${document.documentElement.lang}`, {
      method: "PATCH",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrf() },
      body: JSON.stringify({ changes: batch.changes, version: batch.version, key, client: this.client }),
      ...more,
    });
  }

  wait(state, milliseconds) {
    this.say(state);
    this.soon(milliseconds * (0.75 + Math.random() / 2));
    this.retry = Math.min(this.retry * 2, LONGEST_RETRY_MILLISECONDS);
    return false;
  }

  /** The session is over. As soon as the same person has logged in again, in whatever tab, it goes on. */
  async logInAgain() {
    const session = await renewSession(this.user);
    if (session?.renewed) {
      this.soon(0);
      return false;
    }
    this.say("logged-out");
    this.soon(LOG_IN_MILLISECONDS);
    return false;
  }

  saved(key, batch, data) {
    this.batches.delete(key);
    this.drafts.drop(`b:${key}`);
    this.retry = FIRST_RETRY_MILLISECONDS;
    this.version = Math.max(this.version, data.version);
    if (data.id !== this.id) this.dispatchEvent(new CustomEvent("moved", { detail: { id: data.id } }));
    for (const [field, problem] of Object.entries(data.problems ?? {})) {
      if (this.typed.has(field)) continue; // typed over meanwhile
      this.typed.set(field, { value: batch.changes[field], at: Date.now(), version: this.version, problem });
      this.drafts.put(`f:${field}`, this.typed.get(field));
      this.inputs.problem(field, problem);
    }
    for (const [field, value] of Object.entries(data.fields ?? {})) {
      if (this.versions[field] > data.version) continue;
      this.versions[field] = data.version;
      this.values[field] = value;
      if (!this.isTyped(field)) this.inputs.settled(field, value);
    }
    for (const [field, { value, by }] of Object.entries(data.overwritten ?? {})) this.tell(field, value, by);
    this.take(data.others ?? {});
    this.dispatchEvent(new CustomEvent("saved", { detail: data }));
    if (this.unsent) this.soon(0);
    else this.settle();
    return true;
  }

  /** What others changed: into the inputs, but never over what somebody is typing here. */
  take(changes) {
    const fields = {};
    for (const [field, { value, by }] of Object.entries(changes)) {
      const known = field in this.values && this.values[field] === value;
      this.values[field] = value;
      if (known) continue;
      if (this.isTyped(field) || this.inputs.isFocused(field)) this.tell(field, value, by);
      else {
        this.inputs.put(field, value, true);
        fields[field] = value;
      }
    }
    if (Object.keys(fields).length) this.dispatchEvent(new CustomEvent("changed", { detail: { fields, by: Object.values(changes)[0].by } }));
  }

  tell(field, value, by) {
    this.inputs.hint(field, value, by);
    this.dispatchEvent(new CustomEvent("told", { detail: { field, value, by } }));
  }
}

/** Sends what ``user`` left unsaved on this computer, on pages that are not open any more. */
export async function sendLeftovers(user, but = []) {
  for (const name of await leftBy(user)) {
    const [kind, id] = name.split("/");
    if (but.includes(name) || !PATHS[kind]) continue;
    const saving = new Autosave({ kind, id: Number(id), version: 0, user });
    await saving.flush();
    saving.close();
  }
}
