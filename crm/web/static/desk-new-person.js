// A new caller (C2): made from the first letters of a name, completed while it is typed; somebody who is known under a
// similar name can be taken instead.
import { ask, toast } from "./office.js";
import { $, h, language, say, show } from "./desk-dom.js";

const PAUSE_MILLISECONDS = 700;
const KEPT = "desk-new-person:";

export class NewPerson {
  /** `contact`: whose caller it is; `number`: they call from; `made(person)`: it is somebody now. */
  constructor({ contact, number, made }) {
    Object.assign(this, { contact, number, made });
    this.kept = KEPT + contact.id;
    this.inputs = [...$("person-fields").querySelectorAll("[data-of=person][data-field]")];
    this.listening = new AbortController();
    this.key = null;
    for (const input of this.inputs) input.addEventListener("input", () => this.typed(), { signal: this.listening.signal });
    this.restore();
  }

  close() {
    clearTimeout(this.timer);
    this.listening.abort();
    this.closed = true;
    show($("similar"), false);
  }

  get fields() {
    return Object.fromEntries(this.inputs.filter((input) => input.value.trim()).map((input) => [input.dataset.field, input.value]));
  }

  restore() {
    const { key, fields } = JSON.parse(localStorage.getItem(this.kept) ?? "{}");
    if (!fields) return;
    this.key = key;
    for (const input of this.inputs) input.value = fields[input.dataset.field] ?? "";
    this.soon();
  }

  typed() {
    this.key ??= Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(this.kept, JSON.stringify({ key: this.key, fields: this.fields }));
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE_MILLISECONDS);
  }

  /** Makes the person when there is a name. */
  async flush() {
    clearTimeout(this.timer);
    const { fields } = this;
    if (this.closed || !(fields.first_name || fields.last_name)) return;
    if (this.making) return this.making;
    this.making = this.make(fields).finally(() => { this.making = null; });
    return this.making;
  }

  async make(fields) {
    try {
      const person = await ask("POST", `/api/people?lang=${language}`, { fields, number: this.number, key: this.key });
      if (this.closed) return;
      const later = this.fields; // typed while the answer was on its way
      localStorage.removeItem(this.kept);
      this.made({ ...person, contacts: [] }, later);
      this.lookForSimilar(person);
    } catch (error) {
      if (error.status === 0 || error.status >= 500) this.soon();
      else toast(say("failed", { why: error.data?.detail ?? error.message }), "bad");
    }
  }

  /** Who is known under such a name already. */
  async lookForSimilar(person) {
    const { duplicates } = await ask("GET", `/api/people/${person.id}/duplicates?lang=${language}`).catch(() => ({ duplicates: [] }));
    if (!duplicates.length) return;
    $("similar-people").replaceChildren(...duplicates.slice(0, 4).map((one) => h("li", {}, h("button", {
      type: "button", class: "small", onclick: () => this.isReally(person, one),
      text: [one.display_name, one.province_label, one.numbers[0]?.shown].filter(Boolean).join(" · "),
    }))));
    show($("similar"), true);
  }

  /** The new one was somebody known: they become one. */
  async isReally(person, known) {
    try {
      const merged = await ask("POST", `/api/people/${known.id}/merge`, { other: person.id });
      show($("similar"), false);
      this.made({ ...merged, contacts: [] }, {});
    } catch (error) {
      toast(say("failed", { why: error.data?.detail ?? error.message }), "bad");
    }
  }
}
