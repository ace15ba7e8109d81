// What waits, in five lists: drawn anew when something changed, the same on the inbox's page and on an idle desk.
import { h } from "./elements.js";
import { national } from "./numbers.js";
import { ask, toast } from "./office.js";

const PLACES = ["missed", "callbacks", "messages", "unfinished", "cards"];
const UNDO_MILLISECONDS = 7000;

/**
 * `root`: where to draw. `about`: {words, language, zone, queues, me}. `call(number)` calls somebody back; `open(record)`
 * opens an unfinished record, when the page can. `changed(counts)` is told how much waits after each reading.
 */
export class InboxList {
  constructor(root, about, { call, open = null, changed = () => {} }) {
    Object.assign(this, { root, about, call, open, changed });
    this.undone = new Map(); // key → line shown for some seconds after it was marked as done
    this.playing = null;
    const language = about.language === "th" ? "th-TH-u-ca-buddhist" : "en-GB";
    this.day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: about.zone });
    this.clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: about.zone });
    this.dayKey = new Intl.DateTimeFormat("en-CA", { timeZone: about.zone });
    this.sections = new Map();
    for (const place of PLACES) this.addSection(place);
  }

  word(name, values = {}) {
    return (this.about.words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  when(iso) {
    const at = new Date(iso);
    const today = this.dayKey.format(at) === this.dayKey.format(new Date());
    return today ? this.clock.format(at) : `${this.day.format(at)} ${this.clock.format(at)}`;
  }

  addSection(place) {
    const count = h("span", { class: "count quiet" });
    const list = h("ul", { class: "inbox-list" });
    const section = h("section", { class: "card inbox-section", id: `inbox-${place}`, "data-empty": "true", "aria-label": this.word(place) },
      h("div", { class: "inbox-head" }, h("h2", { text: this.word(place) }), count, h("p", { class: "small muted", text: this.word(`${place}_text`) })),
      list);
    this.root.append(section);
    this.sections.set(place, { section, count, list });
  }

  /** Reads everything anew. */
  async refresh() {
    const inbox = await ask("GET", "/api/inbox").catch(() => null);
    if (inbox) this.draw(inbox);
  }

  draw(inbox) {
    this.inbox = inbox;
    const counts = {};
    let all = 0;
    for (const place of PLACES) {
      const items = inbox[place] ?? [];
      const { section, count, list } = this.sections.get(place);
      counts[place] = items.length;
      all += items.length;
      count.textContent = String(items.length);
      count.classList.toggle("quiet", !items.length);
      section.dataset.empty = String(!items.length && !this.undoneOf(place).length);
      this.fill(list, [...items.map((item) => this.line(place, item)), ...this.undoneOf(place)]);
    }
    this.root.dataset.empty = String(all === 0 && !this.undone.size);
    this.changed(counts);
  }

  /** Keeps what is played, and the place of the focus, when lines are drawn anew. */
  fill(list, lines) {
    const old = new Map([...list.children].map((line) => [line.dataset.key, line]));
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.key : null;
    const kept = lines.map((line) => {
      const before = old.get(line.dataset.key);
      if (before && before.dataset.state === line.dataset.state) return before;
      if (before && before.contains(this.playing)) return before;
      return line;
    });
    list.replaceChildren(...kept);
    if (focused && !list.contains(document.activeElement)) {
      (kept.find((line) => line.dataset.key === focused) ?? kept[0])?.querySelector("button, a")?.focus();
    }
  }

  undoneOf(place) {
    return [...this.undone.values()].filter((one) => one.place === place).map((one) => one.line);
  }

  line(place, item) {
    if (place === "messages") return this.messageLine(item);
    if (place === "unfinished") return this.recordLine(item);
    if (place === "cards") return this.cardLine(item);
    return this.taskLine(place, item);
  }

  frame(key, state, main, facts, actions) {
    return h("li", { "data-key": key, "data-state": state },
      h("div", { class: "inbox-who" }, ...main, h("p", { class: "small muted facts" }, ...facts.filter(Boolean).map((fact) => (typeof fact === "string" ? h("span", { text: fact }) : fact)))),
      h("div", { class: "inbox-actions" }, ...actions));
  }

  caller(item) {
    const name = item.names[0]?.name;
    const number = national(item.number) ?? this.word("hidden_number");
    const head = h("b", { text: name ?? number });
    return name ? [head, h("span", { class: "number muted", text: ` ${number}` })] : [head];
  }

  queue(name) {
    return this.about.queues.find((queue) => queue.name === name)?.[this.about.language] ?? name;
  }

  // -- callers to be called back

  taskLine(place, task) {
    const mine = task.taken_by === this.about.me;
    const other = task.taken_by && !mine;
    const badge = task.taken_by ? h("span", { class: "badge", "data-level": mine ? "info" : "near", text: mine ? this.word("taken_me") : this.word("taken", { name: task.taken_name[this.about.language] }) }) : null;
    const facts = place === "missed"
      ? [this.when(task.last_at), task.queue && this.queue(task.queue), task.times > 1 && this.word("times", { count: task.times }), task.waited_seconds !== null && this.word("waited", { time: length(task.waited_seconds) }), badge]
      : [this.when(task.since), this.queue(task.queue), task.tries > 0 && this.word("tries", { count: task.tries }), this.word(task.by_itself ? "by_itself" : "unreached"), task.next_try_at && this.word("next_try", { time: this.when(task.next_try_at) }), badge];
    return this.frame(`${place} ${task.call_id}`, JSON.stringify(task), this.caller(task), facts, [
      button(this.word("call"), { class: task.by_itself ? "" : "primary", disabled: Boolean(other) || task.calling, "data-do": "call" }, () => this.callBack(task)),
      button(this.word("done"), { disabled: Boolean(other), "data-do": "done" }, () => this.taskDone(place, task)),
    ]);
  }

  async callBack(task) {
    if (!(await this.try("POST", `/api/inbox/${task.kind}/${task.call_id}/take`))) return;
    await this.call(task.number);
    await this.refresh();
  }

  async taskDone(place, task) {
    const path = `/api/inbox/${task.kind}/${task.call_id}`;
    if (await this.try("POST", `${path}/done`)) await this.offerUndo(place, `${place} ${task.call_id}`, () => this.try("POST", `${path}/undo`));
  }

  // -- messages

  messageLine(message) {
    const facts = [this.when(message.left_at), message.queue && this.queue(message.queue), this.word("seconds", { count: Math.round(message.seconds) }),
      message.state === "heard" && h("span", { class: "badge", text: this.word("heard_by", { name: message.heard_by }) }),
      !message.sound && h("span", { class: "badge", "data-level": "bad", text: this.word("sound_gone") })];
    const actions = [
      message.number && button(this.word("call"), { "data-do": "call" }, () => this.call(message.number)),
      button(this.word("done"), { "data-do": "done" }, () => this.messageDone(message)),
    ];
    const line = this.frame(`messages ${message.id}`, JSON.stringify(message), this.caller(message), facts, actions.filter(Boolean));
    if (message.sound) line.querySelector(".inbox-who").append(this.player(message));
    return line;
  }

  player(message) {
    const player = h("audio", { controls: true, preload: "none", src: message.sound, "aria-label": this.word("listen") });
    player.addEventListener("play", () => {
      if (this.playing && this.playing !== player) this.playing.pause();
      this.playing = player;
    });
    player.addEventListener("ended", async () => {
      this.playing = null;
      if (message.state === "new" && (await this.try("POST", `/api/inbox/messages/${message.id}/heard`))) await this.refresh();
    });
    player.addEventListener("pause", () => { if (player.ended) this.playing = null; });
    return player;
  }

  async messageDone(message) {
    const path = `/api/inbox/messages/${message.id}`;
    const back = message.state === "heard" ? "heard" : "new";
    if (!(await this.try("POST", `${path}/done`))) return;
    await this.offerUndo("messages", `messages ${message.id}`, async () => (await this.try("POST", `${path}/new`)) && (back === "new" || this.try("POST", `${path}/heard`)));
  }

  // -- own work

  recordLine(record) {
    const name = record.person_name ?? national(record.number) ?? this.word("hidden_number");
    const facts = [this.when(record.at), record.subject?.[this.about.language] ?? this.word("without_subject")];
    const act = this.open
      ? button(this.word("open"), { "data-do": "open" }, () => this.open(record))
      : h("a", { class: "button", href: `/desk?record=${record.id}`, text: this.word("open") });
    return this.frame(`unfinished ${record.id}`, JSON.stringify(record), [h("b", { text: name })], facts, [act]);
  }

  cardLine(card) {
    const { language } = this.about;
    const facts = [card.to[language], card.state[language], card.due_at && this.word("due", { time: this.when(card.due_at) }),
      card.overdue && h("span", { class: "badge", "data-level": "bad", text: this.word("overdue") }),
      card.incomplete && h("span", { class: "badge", "data-level": "near", text: this.word("incomplete") })];
    const caller = card.caller?.startsWith("+") ? national(card.caller) : card.caller ?? this.word("hidden_number");
    return this.frame(`cards ${card.id}`, JSON.stringify(card), [h("b", { text: card.number }), h("span", { class: "muted", text: ` ${caller}` })], facts, [h("a", { class: "button", href: card.url, target: "_blank", rel: "noopener", text: this.word("open") })]);
  }

  // -- what all need

  async try(method, path) {
    try {
      await ask(method, path, {});
      return true;
    } catch (error) {
      toast(this.word("failed", { why: error.data?.detail ?? error.message }), "bad");
      await this.refresh();
      return false;
    }
  }

  async offerUndo(place, key, undo) {
    const forget = () => {
      this.undone.delete(key);
      this.draw(this.inbox);
    };
    const timer = setTimeout(forget, UNDO_MILLISECONDS);
    const line = h("li", { "data-key": `undo ${key}`, "data-state": "undo", class: "inbox-undone" }, h("span", { class: "muted", text: this.word("marked"), role: "status" }),
      button(this.word("undone"), { "data-do": "undo" }, async () => {
        clearTimeout(timer);
        this.undone.delete(key);
        await undo();
        await this.refresh();
      }));
    this.undone.set(key, { place, line });
    await this.refresh();
    line.querySelector("button").focus();
  }
}

function button(text, props, act) {
  const element = h("button", { type: "button", text, ...props });
  element.addEventListener("click", async () => {
    element.disabled = true;
    try {
      await act();
    } finally {
      element.disabled = false;
    }
  });
  return element;
}

function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
