// The inputs of a form that saves itself: what is in them, what somebody else wrote, what cannot be.
//
// An input has `data-field` (and `data-of`); its surroundings `data-wrap` take hints and problems. ``show``: field → what
// is shown of a value, such as a year in the Buddhist era.

export class FieldInputs {
  constructor(saving, words, show) {
    Object.assign(this, { saving, words, show });
    this.fields = new Map(); // field → inputs (several for radio buttons)
    this.places = [];
    this.listening = new AbortController();
  }

  bind(root, of) {
    const wanted = of ? `[data-of="${of}"][data-field]` : "[data-field]:not([data-of])";
    for (const input of root.querySelectorAll(wanted)) {
      const { field } = input.dataset;
      this.fields.set(field, [...(this.fields.get(field) ?? []), input]);
      const options = { signal: this.listening.signal };
      const long = input.tagName === "TEXTAREA";
      input.addEventListener("input", () => this.typed(field, { long }), options);
      input.addEventListener("change", () => this.typed(field, { now: true }), options);
      input.addEventListener("blur", () => this.left(field), options);
    }
  }

  unbind() {
    this.listening.abort();
    for (const field of this.fields.keys()) {
      this.clear(field, "hint-of-other");
      this.problem(field, null);
    }
    this.fields.clear();
    this.places = [];
  }

  sayAt(element) {
    this.places.push(element);
    this.say(this.saving.state, this.words[this.saving.state]);
  }

  say(state, text) {
    for (const place of this.places) {
      place.dataset.state = state;
      place.textContent = text;
      if (state !== "logged-out") continue;
      const link = Object.assign(document.createElement("a"), { href: "/login", target: "_blank", textContent: this.words.log_in });
      place.append(" ", link);
    }
  }

  typed(field, how) {
    this.problem(field, null);
    this.saving.set(field, this.value(field), how);
  }

  /** Left: what the server made of it may be shown now. */
  left(field) {
    if (field in this.saving.values && !this.saving.isTyped(field)) this.put(field, this.saving.values[field]);
  }

  value(field) {
    const inputs = this.fields.get(field) ?? [];
    if (inputs[0]?.type === "radio") return inputs.find((input) => input.checked)?.value ?? null;
    if (inputs[0]?.type === "checkbox") return inputs[0].checked;
    return inputs[0]?.value ?? null;
  }

  isFocused(field) {
    return (this.fields.get(field) ?? []).some((input) => input === document.activeElement);
  }

  /** Shows ``value``; ``marked``: for a moment it is seen that it is new. */
  put(field, value, marked = false) {
    this.clear(field, "hint-of-other");
    const shown = value === null || value === undefined ? "" : String(this.show[field]?.(value) ?? value);
    for (const input of this.fields.get(field) ?? []) {
      if (input.type === "radio") input.checked = input.value === shown;
      else if (input.type === "checkbox") input.checked = Boolean(value);
      else if (input.value !== shown) {
        if (input.tagName === "SELECT" && ![...input.options].some((option) => option.value === shown)) {
          input.add(new Option(shown, shown)); // not offered any more, and still so
        }
        input.value = shown;
      }
      if (marked) mark(input);
    }
  }

  /** The server has it: as it wrote it, unless somebody is in the field. */
  settled(field, value) {
    this.problem(field, null);
    if (!this.isFocused(field)) this.put(field, value);
  }

  /** What was typed before, as it was typed. */
  restore(field, value, problem = null) {
    for (const input of this.fields.get(field) ?? []) {
      if (input.type === "radio") input.checked = input.value === value;
      else if (input.type === "checkbox") input.checked = Boolean(value);
      else input.value = value ?? "";
    }
    if (problem) this.problem(field, problem);
  }

  /** Says what is wrong with a field; null: nothing. */
  problem(field, text) {
    this.clear(field, "fault");
    for (const input of this.fields.get(field) ?? []) {
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (text) describe(input, this.note(field, "fault", text));
    }
  }

  /** Somebody else wrote something else here, while it is being typed. */
  hint(field, value, by) {
    this.clear(field, "hint-of-other");
    const shown = value === null || value === undefined || value === "" ? this.words.empty : String(this.show[field]?.(value) ?? value);
    const note = this.note(field, "hint-of-other", `${this.words.wrote.replace("{name}", by?.name || this.words.somebody)} “${short(shown)}” `);
    if (!note) return;
    const take = Object.assign(document.createElement("button"), { type: "button", className: "plain small", textContent: this.words.take });
    take.addEventListener("click", () => {
      this.clear(field, "hint-of-other");
      this.put(field, value);
      this.saving.set(field, value, { now: true });
    });
    note.append(take);
  }

  note(field, kind, text) {
    const input = this.fields.get(field)?.[0];
    if (!input) return null;
    const note = document.createElement("p");
    note.className = `${kind} small`;
    note.dataset.note = kind;
    note.setAttribute("role", "status");
    note.textContent = text;
    (input.closest("[data-wrap]") ?? input.parentElement).append(note);
    return note;
  }

  clear(field, kind) {
    const input = this.fields.get(field)?.[0];
    const place = input && (input.closest("[data-wrap]") ?? input.parentElement);
    for (const note of place?.querySelectorAll(`[data-note="${kind}"]`) ?? []) note.remove();
  }
}

const short = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

let notes = 0;

function describe(input, note) {
  if (!note) return;
  note.id ||= `note-${++notes}`;
  input.setAttribute("aria-describedby", note.id);
}

function mark(input) {
  input.classList.add("changed-by-other");
  setTimeout(() => input.classList.remove("changed-by-other"), 2500);
}
