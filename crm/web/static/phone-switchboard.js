// The inside of the telephone: the calls there are, and what follows when something happens to one of them.

import { Call, PhoneError } from "./phone-call.js";
import { Sound } from "./phone-sound.js";
import { Station } from "./phone-station.js";

const KEPT_CALL = "hotline-telephone-call";
const TAKE_UP_MS = 7_000; // Asterisk gives a call up when it has heard nothing of it for 8 s
const TAKE_UP = "*53";
const GONE_MS = 1_600; // so long without a line, and Asterisk rings somebody else
const AUTO_ANSWER_MS = 500;
const ASKED_FOR = "X-Hotline-Answer"; // of a call that this person has just asked for: picked up by itself
const DIALLED = "X-Hotline-Dialled"; // of a call of ours that the server makes: it rings us first, then that number

/** `first`: the call; `second`: who is consulted; `mix`: three together. */
export class Switchboard extends EventTarget {
  constructor(notice, csrf) {
    super();
    this.notice = notice;
    this.first = this.second = this.mix = this.kept = null;
    this.muted = false;
    this.sound = new Sound(() => this.say("blocked"));
    this.station = new Station(csrf);
    this.station.addEventListener("changed", () => this.changed());
    this.station.addEventListener("up", () => this.up());
    this.station.addEventListener("down", ({ detail }) => this.down(detail));
    this.station.addEventListener("elsewhere", ({ detail }) => this.say("elsewhere", detail));
    this.station.addEventListener("invited", ({ detail }) => this.invited(detail));
    this.station.addEventListener("gained", ({ detail }) => (this.kept = detail.along ?? keptCall()));
    this.station.calling = () => this.first !== null;
    this.station.ringing = () => this.first?.state === "ringing";
    this.station.addEventListener("leaving", ({ detail }) => (detail.along = this.leave()));
  }

  say(what, detail = {}) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
    this.changed();
  }

  changed() {
    this.dispatchEvent(new CustomEvent("changed"));
  }

  /** The call, when it is in one of these states. */
  in(...states) {
    if (!this.first || !states.includes(this.first.state)) throw new PhoneError("no-call");
    return this.first;
  }

  both() {
    if (this.first?.state !== "talking" || this.second?.state !== "talking") throw new PhoneError("no-call");
    return [this.first, this.second];
  }

  connected() {
    if (!this.station.line?.connected) throw new PhoneError("not-connected");
  }

  /** Asks the server to do it by its own way to Asterisk. */
  async order(what, body = {}) {
    try {
      await this.station.ask("POST", `/api/telephone/${what}`, body);
    } catch (error) {
      throw new PhoneError("refused", error);
    }
  }

  // --- calls

  make(what) {
    const servers = this.station.line?.account?.ice_servers ?? [];
    const tell = (event, detail) => this.told(call, event, detail);
    const call = new Call({ ...what, sound: this.sound, servers, tell });
    return call;
  }

  async place(call, number, headers) {
    try {
      await call.place(this.station.line, number, headers);
    } catch (error) {
      call.end();
      throw error;
    }
  }

  async holding(on) {
    const call = this.in("talking");
    this.connected();
    await this.part();
    await call.hold(on);
  }

  /** Three become two and one again. */
  async part() {
    const { mix } = this;
    if (!mix) return;
    this.mix = null;
    await mix.part();
    for (const call of [this.first, this.second]) if (call?.state === "talking") call.mute(this.muted);
  }

  async refer(call, number, colleague) {
    this.connected();
    call.handedOn = true;
    try {
      await call.refer(this.station.line.target(number), colleague);
    } catch (error) {
      call.handedOn = false;
      this.say("transfer-failed", { to: number, kind: colleague ? "attended" : "blind" });
      throw error;
    }
    await this.part(); // Asterisk says no good-bye to a telephone that has handed its call on
    colleague?.end();
    call.end();
  }

  // --- what happens

  invited({ session, request }) {
    const number = request.from.uri.user === "anonymous" ? "" : (request.from.uri.user ?? "");
    const name = request.from.display_name === number ? "" : (request.from.display_name ?? "");
    if (this.first || this.second) {
      session.terminate({ status_code: 486 });
      this.say("waiting", { number, name });
      return;
    }
    const dialled = request.getHeader(DIALLED);
    this.first = this.make({ direction: "in", number: dialled || number, name: dialled ? "" : name });
    if (dialled) this.first.direction = "out";
    this.first.receive(session, request);
    const auto = Boolean(dialled) || request.hasHeader(ASKED_FOR) || this.station.account.auto_answer;
    this.say("ringing", { call: this.call, auto });
    if (auto) this.answerSoon(this.first);
    else this.draw(this.first);
    this.sound.open().catch(() => this.say("failure", { what: "microphone", code: "no-microphone" }));
  }

  answerSoon(call) {
    this.sound.knock();
    setTimeout(async () => {
      if (call.state !== "ringing") return;
      try {
        await this.answer();
      } catch (error) {
        this.say("failure", { what: "answer", code: error.code });
      }
    }, AUTO_ANSWER_MS);
  }

  /** Draws attention: sound, title, and a notification for whoever looks elsewhere. */
  draw(call) {
    this.sound.ring();
    this.drawing = true;
    this.say("attention", { on: true, call: call.snapshot() });
    const seen = document.visibilityState === "visible" && document.hasFocus();
    const text = seen || globalThis.Notification?.permission !== "granted" ? null : this.notice(call.snapshot());
    if (!text) return;
    this.shown = new Notification(text.title, { body: text.body, tag: "hotline-call", requireInteraction: true });
    this.shown.onclick = () => {
      globalThis.focus();
      this.shown?.close();
    };
  }

  hush() {
    this.sound.quiet();
    this.shown?.close();
    this.shown = null;
    if (this.drawing) {
      this.drawing = false;
      this.say("attention", { on: false, call: this.call });
    }
  }

  told(call, event, detail) {
    if (event === "progress") {
      if (detail.sound) this.sound.quiet();
      else this.sound.ringback();
    } else if (event === "answered") this.answered(call);
    else if (event === "ended") this.ended(call, detail);
    else this.say(event, { ...detail, call: call.snapshot() });
  }

  answered(call) {
    this.hush();
    if (this.muted) call.mute(true);
    if (call === this.second) {
      this.say("consult", { state: "talking", colleague: this.colleague });
      return;
    }
    this.keeping = setInterval(() => keepCall(this.record()), 1_000);
    keepCall(this.record());
    this.say(call.resumes ? "taken-up" : "answered", { call: this.call });
  }

  ended(call, { by, cause }) {
    this.hush();
    const snapshot = call.snapshot();
    if (call === this.second) {
      this.second = null;
      this.part();
      this.say("consult", { state: "ended", colleague: snapshot, cause });
    } else if (call === this.first) {
      this.forget();
      this.part();
      this.first = this.second; // who was consulted is now the one we talk to
      this.second = null;
      this.say("ended", { call: snapshot, by, cause: call.handedOn ? "transferred" : cause });
    }
    this.rest();
  }

  /** Nobody is on the line: the microphone is let go. */
  rest() {
    if (this.first || this.second) return;
    this.muted = false;
    this.sound.close();
  }

  // --- while the line is away

  down(detail) {
    this.say("unregistered", detail);
    const { first } = this;
    if (first?.state === "ringing") setTimeout(() => this.stillRinging(first), GONE_MS);
  }

  /** A call that rang when the line was lost: Asterisk could not tell us when it stopped. */
  async stillRinging(call) {
    if (call.state !== "ringing") return;
    const rings = this.station.here && (await this.station.ask("GET", "/api/telephone/state").catch(() => ({}))).ringing;
    if (!rings && call.state === "ringing") call.over({ originator: "remote", cause: "Connection Error" });
  }

  // --- through a reload, or into another tab

  up() {
    this.say("registered");
    const { kept } = this;
    this.kept = null;
    for (const call of [this.first, this.second]) {
      if (call?.state === "ringing") this.stillRinging(call);
      else call?.refresh().catch(() => {});
    }
    if (kept && !this.first && Date.now() - kept.at < TAKE_UP_MS) this.takeUp(kept);
  }

  /** Goes on with a call that was going on before this page was loaded: Asterisk gives us the old leg's place. */
  async takeUp(kept) {
    this.first = this.make({ direction: kept.direction, number: kept.number, name: kept.name, resumes: kept });
    this.changed();
    const { id, theirs, ours } = kept.dialog;
    try {
      await this.order("take-up");
      await this.place(this.first, TAKE_UP, [`Replaces: ${id};to-tag=${theirs};from-tag=${ours}`]);
    } catch ({ code }) {
      this.first?.end();
      this.say("failure", { what: "taken-up", code });
    }
  }

  record() {
    const { dialog, number, name, direction, talkingSince } = this.first;
    return { dialog, number, name, direction, talking_since: talkingSince, at: Date.now() };
  }

  /** The page goes, or gives the telephone to another tab: what only rings ends; a call stays, and can be taken up. */
  leave() {
    this.second?.end();
    if (this.first?.state !== "talking") {
      this.first?.end(480);
      return null;
    }
    const record = this.record();
    keepCall(record);
    return record;
  }

  forget() {
    clearInterval(this.keeping);
    keepCall(null);
  }
}

function keptCall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_CALL));
  } catch {
    return null;
  }
}

function keepCall(record) {
  try {
    if (record) sessionStorage.setItem(KEPT_CALL, JSON.stringify(record));
    else sessionStorage.removeItem(KEPT_CALL);
  } catch {
    // a browser that keeps nothing: a reload ends the call
  }
}
