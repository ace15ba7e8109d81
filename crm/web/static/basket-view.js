// A basket: who it goes to, what lies in it, verified item by item, seen as its reader will see it, and sent (H6).
// Drawn into any element: a page of its own, or a dialog of the desk.
import { h } from "./elements.js";
import { ask, csrf, RequestFailed, toast } from "./office.js";

const SAVE_MILLISECONDS = 600;
const WATCH_MILLISECONDS = 4000;

const LEVELS = { open: "near", second: "info", refused: "bad", verified: "good", sent: "" };
const LETTER_LEVELS = { queued: "info", sending: "info", sent: "good", uncertain: "near", refused: "bad", bounced: "bad" };
let views = 0;

export class BasketView extends EventTarget {
  /** `contact`: id of the record; `words`, `language`: of the page. Tells `changed` (detail: the basket). */
  constructor(place, { contact, words, language, basket = null }) {
    super();
    Object.assign(this, { place, contact, words, language, basket: null, seen: null, timers: {}, pending: 0, saving: Promise.resolve(), prefix: `basket-${++views}` });
    this.build();
    if (basket) this.draw(basket);
    else this.read();
    this.watch = setInterval(() => { if (!document.hidden && this.waits()) this.read(); }, WATCH_MILLISECONDS);
  }

  close() {
    clearInterval(this.watch);
    this.flush();
  }

  say(name, values = {}) {
    return (this.words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  /** Something may change without us: a letter on its way, a second person, a visitor. */
  waits() {
    const { letters, items, shown } = this.basket ?? {};
    return shown || letters?.some((one) => ["queued", "sending"].includes(one.state)) || items?.some((one) => one.standing === "second");
  }

  // -- asking

  path(rest = "") {
    return `/api/basket/${this.contact}${rest}${rest.includes("?") ? "&" : "?"}lang=${this.language}`;
  }

  async read() {
    try {
      const basket = await ask("GET", this.path());
      if (!this.pending) this.draw(basket);
    } catch (error) {
      this.fault(error);
    }
  }

  async readAnew() {
    this.refused = false;
    await this.read();
  }

  /** One change after the other; the answer is the whole basket, drawn when no other change is on its way: a box that
      was ticked meanwhile stays ticked. */
  change(method, rest, body) {
    this.pending += 1;
    this.saving = this.saving.then(async () => {
      try {
        const basket = await ask(method, this.path(rest), body);
        if (this.pending === 1) this.draw(basket);
        return true;
      } catch (error) {
        this.fault(error);
        if (this.basket) this.draw(this.basket); // as it was
        this.refused = true;
        return false;
      } finally {
        this.pending -= 1;
        if (this.refused && !this.pending) await this.readAnew(); // something is not as this page believes
      }
    });
    return this.saving;
  }

  fault(error) {
    if (error.name === "AbortError") return;
    toast(error.data?.detail ?? error.data?.advice ?? error.message, "bad");
  }

  add(item) {
    return this.change("POST", "/items", item);
  }

  async drop(files) {
    for (const file of files) {
      this.saving = this.saving.then(async () => {
        try {
          this.draw(await upload(`/api/files/basket/${this.contact}?lang=${this.language}&name=${encodeURIComponent(file.name)}`, file));
        } catch (error) {
          this.fault(error);
        }
      });
    }
    return this.saving;
  }

  // -- building, once

  field(name, label, input) {
    const id = `${this.prefix}-${name}`;
    input.id = id;
    input.dataset.basketField = name;
    input.addEventListener("input", () => this.later(name));
    input.addEventListener("change", () => this.save(name));
    this.inputs[name] = input;
    return h("div", { class: `basket-field basket-${name}` }, h("label", { for: id, text: label }), input);
  }

  build() {
    const { words } = this;
    this.inputs = {};
    this.hint = h("p", { class: "basket-hint small", role: "status" });
    this.list = h("ol", { class: "basket-items", "aria-label": words.items });
    this.empty = h("p", { class: "muted basket-empty", text: words.empty });
    this.problems = h("ul", { class: "basket-problems small" });
    this.verdict = h("p", { class: "basket-verdict", role: "status" });
    this.letters = h("ul", { class: "basket-letters" });
    this.preview = h("div", { class: "basket-preview", hidden: true });
    this.visitor = h("div", { class: "basket-visitor" });
    this.previewKey = h("button", { type: "button", class: "basket-preview-key", text: words.preview_button, onclick: () => this.look() });
    this.sendKey = h("button", { type: "button", class: "primary basket-send", text: words.send, disabled: true, onclick: () => this.send() });
    const file = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.drop([...file.files]); file.value = ""; } });
    const address = this.field("recipient", words.recipient, h("input", { type: "text", inputmode: "email", autocomplete: "off", spellcheck: "false", maxlength: "254" }));
    address.append(this.hint);
    const language = h("select", {}, h("option", { value: "th", text: words.thai }), h("option", { value: "en", text: words.english }));
    this.linkForm = h("form", { class: "basket-link", onsubmit: (event) => this.addLink(event) },
      h("input", { name: "title", "aria-label": words.link_title, placeholder: words.link_title, maxlength: "300" }),
      h("input", { name: "url", "aria-label": words.link_url, placeholder: "https://", inputmode: "url", maxlength: "2000" }),
      h("button", { text: words.add_link }));
    this.place.replaceChildren(h("div", { class: "basket-view" },
      h("div", { class: "basket-left" },
        h("section", { class: "card basket-to" }, h("h2", { text: words.letter_to }), h("div", { class: "basket-fields" },
          address,
          this.field("recipient_name", words.recipient_name, h("input", { autocomplete: "off", maxlength: "200" })),
          this.field("language", words.letter_language, language),
          this.field("answer", words.answer, h("textarea", { rows: "4", maxlength: "20000" })))),
        h("section", { class: "card basket-what" }, h("h2", { text: words.items }), this.empty, this.list,
          h("div", { class: "basket-add" }, this.linkForm, h("button", { type: "button", text: words.add_file, onclick: () => file.click() }), file),
          this.field("note", words.note, h("textarea", { rows: "2", maxlength: "4000" })))),
      h("div", { class: "basket-right" },
        h("section", { class: "card basket-go" }, this.verdict, this.problems, this.visitor, h("div", { class: "basket-keys" }, this.previewKey, this.sendKey)),
        this.preview,
        this.lettersCard = h("section", { class: "card", hidden: true }, h("h2", { text: words.letters }), this.letters))));
    for (const kind of ["dragover", "drop"]) {
      this.place.addEventListener(kind, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        if (kind === "drop") this.drop([...event.dataTransfer.files]);
      });
    }
  }

  // -- fields

  later(name) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(() => this.save(name), SAVE_MILLISECONDS);
  }

  save(name) {
    clearTimeout(this.timers[name]);
    delete this.timers[name];
    const { value } = this.inputs[name];
    if (!this.basket || value === this.basket.fields[name]) return this.saving;
    const done = this.change("PATCH", "", { [name]: value });
    if (name === "recipient") done.then(() => this.askDomain());
    return done;
  }

  flush() {
    for (const name of Object.keys(this.timers)) this.save(name);
    return this.saving;
  }

  async askDomain() {
    const { address } = this.basket;
    if (address.fault || !address.address) return;
    const found = await ask("GET", this.path(`/address?text=${encodeURIComponent(address.address)}`)).catch(() => null);
    if (!found || found.address !== this.basket.address.address) return;
    this.domain = { address: found.address, domain: found.domain };
    this.drawHint();
  }

  drawHint() {
    const { address } = this.basket;
    const parts = [];
    if (address.fault && address.fault !== "empty") parts.push(h("span", { class: "fault", text: this.words[`problem_address_${address.fault}`] }));
    if (address.meant) {
      parts.push(h("span", { class: "near", text: `${this.say("meant", { address: address.meant })} ` }),
        h("button", { type: "button", class: "small", text: this.words.use_it, onclick: () => { this.inputs.recipient.value = address.meant; this.save("recipient"); } }));
    }
    const known = this.domain?.address === address.address ? this.domain.domain : null;
    if (known) parts.push(h("span", { class: { takes: "good", unknown: "muted" }[known] ?? "fault", text: this.words[`domain_${known}`] }));
    this.hint.replaceChildren(...parts);
    this.inputs.recipient.setAttribute("aria-invalid", String(Boolean(address.fault && address.fault !== "empty")));
  }

  async addLink(event) {
    event.preventDefault();
    const { title, url } = this.linkForm.elements;
    if (!url.value.trim()) return;
    if (await this.add({ kind: "link", title: title.value, url: url.value })) this.linkForm.reset();
  }

  // -- drawing

  draw(basket) {
    const before = this.basket;
    this.basket = basket;
    for (const [name, input] of Object.entries(this.inputs)) {
      if (document.activeElement !== input && !this.timers[name] && input.value !== (basket.fields[name] ?? "")) input.value = basket.fields[name] ?? "";
      input.disabled = !basket.may_change;
    }
    if (!before) this.askDomain();
    this.drawHint();
    this.drawItems();
    this.drawProblems();
    this.drawVisitor();
    this.drawLetters();
    if (this.seen && this.seen !== basket.print) this.hidePreview();
    this.dispatchEvent(new CustomEvent("changed", { detail: basket }));
  }

  drawItems() {
    const focused = document.activeElement?.dataset?.key;
    const open = this.basket.items.filter((item) => item.standing !== "sent");
    this.empty.hidden = this.basket.items.length > 0;
    this.list.replaceChildren(...this.basket.items.map((item) => this.item(item, open)));
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  item(item, open) {
    const { words } = this;
    const sent = item.standing === "sent";
    const changes = this.basket.may_change && !sent;
    const at = open.findIndex((one) => one.id === item.id);
    const stale = this.basket.problems.some((problem) => problem.item === item.id && problem.code === "changed");
    const key = (name) => `${item.id}-${name}`;
    return h("li", { class: "basket-item", "data-standing": item.standing, "data-item": item.id },
      h("div", { class: "basket-item-head" },
        h("span", { class: "badge", text: item.kind_name }),
        h("strong", { class: "basket-title", text: item.title }),
        h("span", { class: "badge end", "data-level": LEVELS[item.standing], text: item.standing_name })),
      item.warning && h("p", { class: "notice small", "data-level": "near", text: item.warning }),
      item.url && h("p", { class: "small" }, h("a", { href: item.url, target: "_blank", rel: "noopener noreferrer", text: item.url })),
      item.html && this.article(item),
      ...item.files.map((file, number) => h("p", { class: "small" }, h("a", { href: `/basket/${this.contact}/items/${item.id}/files/${number}`, target: "_blank", rel: "noopener", text: file.name }), ` ${file.size}`)),
      !sent && h("fieldset", { class: "basket-checks", disabled: !changes },
        h("legend", { class: "only-heard", text: `${words.checklist}: ${item.title}` }),
        ...item.list.map((check) => h("label", { class: "check" },
          h("input", { type: "checkbox", "data-key": key(check.name), ...(check.ticked ? { checked: true } : {}), name: check.name, onchange: (event) => this.tick(item, event.target.closest("fieldset")) }), check.label))),
      h("p", { class: "small muted" }, [item.verified_by && this.say("verified_by", { name: item.verified_by }), item.second_by && this.say("second_by", { name: item.second_by }), item.second_refusal].filter(Boolean).join(" · ")),
      changes && h("div", { class: "basket-item-keys" },
        stale && h("button", { type: "button", class: "small", "data-key": key("renew"), text: words.renew, onclick: () => this.change("POST", `/items/${item.id}/renew`) }),
        (["link", "file"].includes(item.kind) || !item.sensitive) && h("label", { class: "check small" }, h("input", { type: "checkbox", "data-key": key("sensitive"), ...(item.sensitive ? { checked: true } : {}), onchange: (event) => this.change("PUT", `/items/${item.id}/sensitive`, { sensitive: event.target.checked }) }), words.sensitive),
        item.sensitive && !["link", "file"].includes(item.kind) && h("span", { class: "small near", text: words.sensitive }),
        h("span", { class: "end" }),
        h("button", { type: "button", class: "plain small", "data-key": key("up"), "aria-label": `${words.up}: ${item.title}`, title: words.up, text: "↑", disabled: at <= 0, onclick: () => this.move(open, at, -1) }),
        h("button", { type: "button", class: "plain small", "data-key": key("down"), "aria-label": `${words.down}: ${item.title}`, title: words.down, text: "↓", disabled: at === open.length - 1, onclick: () => this.move(open, at, 1) }),
        h("button", { type: "button", class: "plain small", "data-key": key("remove"), text: words.remove, onclick: () => this.change("DELETE", `/items/${item.id}`) })));
  }

  article(item) {
    const text = h("div", { class: "article" });
    text.innerHTML = item.html; // made safe by the server, and the page's policy lets nothing run
    return h("details", {}, h("summary", { class: "small", text: this.words.read_it }), text);
  }

  tick(item, list) {
    const ticked = [...list.querySelectorAll("input:checked")].map((input) => input.name);
    return this.change("PUT", `/items/${item.id}/checks`, { checks: ticked });
  }

  move(open, at, by) {
    const order = open.map((item) => item.id);
    [order[at], order[at + by]] = [order[at + by], order[at]];
    return this.change("PUT", "/order", { items: order });
  }

  drawProblems() {
    const { problems, mail, may_change: mine } = this.basket;
    const nothing = problems.some((problem) => problem.code === "nothing");
    this.verdict.textContent = problems.length ? this.words.not_yet : this.words.ready;
    this.verdict.dataset.level = problems.length ? "near" : "good";
    this.problems.replaceChildren(...problems.map((problem) => h("li", { text: problem.text })), ...(mail ? [] : [h("li", { class: "fault", text: this.words.no_mail })]));
    this.previewKey.disabled = nothing;
    this.sendKey.disabled = !mine || problems.length > 0 || this.seen !== this.basket.print;
  }

  drawVisitor() {
    const { channel, confirmed, visitor_says: said, show_url: url, may_change: mine } = this.basket;
    const { words } = this;
    this.visitor.replaceChildren(...[
      said && h("p", { class: "notice", "data-level": "bad", text: this.say("visitor_says", { words: said }) }),
      confirmed?.still && h("p", { class: "notice", "data-level": "good", text: words[`confirmed_${confirmed.how}`] }),
      url && h("p", { class: "small" }, h("a", { href: url, target: "visitor", rel: "noopener", text: words.show_link }), h("br"), h("span", { class: "number muted basket-url", text: url })),
      mine && h("div", { class: "row" },
        h("button", { type: "button", class: "small basket-show", text: url ? words.show_stop : words.show_visitor, onclick: () => this.show(Boolean(url)) }),
        channel === "counter" && !confirmed?.still && h("button", { type: "button", class: "small", text: words.confirm_here, onclick: () => this.change("POST", "/confirmed-here") })),
    ].filter(Boolean));
  }

  async show(shown) {
    await this.flush();
    const done = await this.change(shown ? "DELETE" : "POST", "/show");
    if (done && !shown && this.basket.show_url) open(this.basket.show_url, "visitor", "popup,noopener");
  }

  drawLetters() {
    const { letters, may_change: mine } = this.basket;
    this.lettersCard.hidden = !letters.length;
    this.letters.replaceChildren(...letters.map((letter) => h("li", { class: "basket-letter", "data-state": letter.state },
      h("div", { class: "basket-item-head" }, h("strong", { class: "basket-title", text: letter.recipient }), h("span", { class: "badge end", "data-level": LETTER_LEVELS[letter.state], text: letter.state_name })),
      h("p", { class: "small", text: letter.subject }),
      letter.reason && h("p", { class: "small fault", text: letter.reason }),
      letter.answer && letter.state !== "sent" && h("p", { class: "small muted", text: letter.answer }),
      letter.links_until && h("p", { class: "small" }, this.say("links_until", { day: letter.links_until })),
      mine && h("div", { class: "row" },
        letter.state === "uncertain" && h("button", { type: "button", class: "small", text: this.words.arrived, onclick: () => this.change("POST", `/letters/${letter.id}/arrived`) }),
        letter.links_until && h("button", { type: "button", class: "small", text: this.words.withdraw_links, onclick: () => this.change("DELETE", `/letters/${letter.id}/links`) }),
        letter.can_be_sent_again && h("button", { type: "button", class: "small", text: this.words.again, onclick: () => this.change("POST", `/letters/${letter.id}/again`) }),
        letter.can_be_taken_back && h("button", { type: "button", class: "small", text: this.words.take_back, onclick: () => this.change("POST", `/letters/${letter.id}/back`) })))));
  }

  // -- the end

  async look() {
    await this.flush();
    try {
      const letter = await ask("GET", this.path("/preview"));
      const body = h("div", { class: "letter", lang: letter.language });
      body.innerHTML = letter.body;
      this.preview.replaceChildren(h("section", { class: "card" },
        h("h2", { tabindex: "-1", text: this.words.preview }),
        h("p", { class: "small" }, h("b", { text: letter.recipient || "–" }), h("br"), letter.subject), body));
      this.preview.hidden = false;
      this.seen = letter.print;
      if (letter.print !== this.basket.print) await this.read(); // another tab, or the knowledge base, was here
      this.drawProblems();
      (this.sendKey.disabled ? this.preview.querySelector("h2") : this.sendKey).focus();
    } catch (error) {
      this.fault(error);
    }
  }

  hidePreview() {
    this.seen = null;
    this.preview.hidden = true;
    this.drawProblems();
  }

  async send() {
    if (this.sendKey.disabled) return;
    this.sendKey.disabled = true;
    await this.flush();
    const { seen } = this;
    if (await this.change("POST", "/send", { seen })) {
      this.hidePreview();
      toast(this.words.sent);
      this.dispatchEvent(new CustomEvent("sent"));
    }
    this.drawProblems();
  }
}

/** A file as it is, without a form around it. */
async function upload(path, file) {
  const answer = await fetch(path, { method: "POST", body: file, headers: { Accept: "application/json", "Content-Type": "application/octet-stream", "X-CSRF-Token": csrf() } }).catch((error) => { throw new RequestFailed(0, { advice: error.message }); });
  const data = await answer.json().catch(() => null);
  if (!answer.ok) throw new RequestFailed(answer.status, data);
  return data;
}
