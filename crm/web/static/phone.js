/**
 * The agent's telephone, without anything to look at. A page shows it and gives it orders.
 *
 *     import { Phone } from "/static/phone.js";
 *     const phone = new Phone({ notice: (call) => ({ title: call.number, body: call.name }) });
 *     phone.addEventListener("changed", () => draw(phone));
 *     await phone.start();
 *
 * What is so now
 *     phone.kind       "browser"; "desk": a telephone beside the page, asked through the server; "none": no extension;
 *                      null before `start`
 *     phone.extension  null until it is known
 *     phone.autoAnswer true when calls are answered by themselves, a setting of the account
 *     phone.line       {state, reason, where, …}; state: "starting", "registered", "unregistered" (`reason` as in the
 *                      event), "elsewhere" (`where`), "stopped"
 *     phone.call       null or {id, direction: "in"|"out", number, name, state: "ringing"|"calling"|"talking", held,
 *                      began, talking_since}; times are milliseconds since 1970; number is "" when withheld
 *     phone.colleague  null or the same, of the person who is consulted
 *     phone.together   true while all three hear each other
 *     phone.muted      true while nobody hears us
 *     phone.settings   {microphone, speaker, ringer: device id or "", volume: of the ring tone, 0–1}
 *
 * Orders. Those with a promise are settled when it is done; refused ones throw PhoneError with `code`: "no-call",
 * "busy" (there is a call already), "not-connected" (no line now: only hangUp, mute and keypad work), "not-now" (the
 * last order is not finished), "no-microphone", "transfer-failed", "ended", "refused" (`cause.data` is what the server
 * said).
 *     start() stop() takeOver()
 *     answer() reject() hangUp() hold() resume() mute(on = true) keypad("1#") dial(number)
 *     transferBlind(number)
 *     consult(number) swap() join() completeTransfer() abandonConsult()
 *     devices() → {microphones, speakers: [{id, label}]}   choose({microphone, speaker, ringer, volume})
 *     testSpeaker() testRinger()   testMicrophone(tell) → function that ends it; tell(level 0–1), 20 times a second
 *     allow()   asks for microphone and notifications; call it from a click
 * `consult` holds the call; `swap` changes who is on hold; `join` is three together, `swap` ends that again.
 * `completeTransfer` connects call and colleague and leaves; `abandonConsult` goes back to the call.
 *
 * Events (CustomEvent, `detail`)
 *     changed                        something above is different now; comes after every other event
 *     registered                     calls can ring here
 *     unregistered {reason, again_ms}  they cannot. reason: "network", "service-away", "asterisk-away", "no-answer",
 *                                    "silent" (nobody asked for us for too long), "asleep", "refused", "logged-out",
 *                                    "elsewhere", "replaced", "no-extension". again_ms null: not tried again by itself
 *     elsewhere {where, …}           "tab": another tab of this browser has it, {since, calling}; "browser": another
 *                                    log-in, {address, browser}. It comes here when that is closed, or by takeOver()
 *     ringing {call, auto}           auto: it is answered by itself in a moment
 *     answered {call}   held {call}   resumed {call}   muted {on}
 *     sound {call}                   the far end's first packet of sound is here
 *     quiet {call, on}               on: the network lets no sound through any more; it is waited for 12 s
 *     ended {call, by, cause}        by: "us", "them", "network"; cause: "hung-up", "network", "transferred"; of a call
 *                                    that was not answered "missed" (it stopped to ring: the caller gave up, time is
 *                                    over, another agent was faster), "refused", "busy", "no-answer", "not-permitted",
 *                                    "cancelled", "no-microphone", "failed"
 *     waiting {number, name}         a second call came in and was told that we are busy
 *     consult {state, colleague, cause}   state: "calling", "talking", "ended"
 *     swapped {with: "caller"|"colleague"}   together
 *     transferred {to, kind: "blind"|"attended"}   transfer-failed {to, kind}
 *     taken-up {call}                a call that went on through a reload of this page is here again
 *     attention {on, call}           it rings, or no longer: for the page's title
 *     blocked                        the browser lets nothing be heard before a click
 *     failure {what, code}           something that happened by itself went wrong, such as answering automatically
 */

import { PhoneError } from "./phone-call.js";
import { Together } from "./phone-sound.js";
import { Switchboard } from "./phone-switchboard.js";

export { PhoneError };

const PATIENCE_MS = 1_500;

export class Phone extends Switchboard {
  /** `notice(call)`: {title, body} of the browser's notification, null for none. `csrf`: token of the log-in. */
  constructor({ notice = () => null, csrf = document.querySelector('meta[name="csrf"]')?.content ?? "" } = {}) {
    super(notice, csrf);
    this.pagehide = () => this.leave();
    this.beforeunload = (event) => this.first?.state === "talking" && event.preventDefault();
  }

  get kind() {
    return this.station.account?.kind ?? (this.station.state.again_ms === null ? "none" : null);
  }

  get extension() {
    return this.station.account?.extension ?? null;
  }

  get autoAnswer() {
    return this.station.account?.auto_answer ?? false;
  }

  get line() {
    return this.station.state;
  }

  get call() {
    return this.first?.snapshot() ?? null;
  }

  get colleague() {
    return this.second?.snapshot() ?? null;
  }

  get together() {
    return this.mix !== null;
  }

  get settings() {
    return { ...this.sound.settings };
  }

  // --- life

  async start() {
    addEventListener("pagehide", this.pagehide);
    addEventListener("beforeunload", this.beforeunload);
    await this.station.start();
    this.changed();
  }

  stop() {
    removeEventListener("pagehide", this.pagehide);
    removeEventListener("beforeunload", this.beforeunload);
    this.second?.end();
    this.first?.end();
    this.station.stop();
  }

  async takeOver() {
    await this.station.takeOver();
  }

  // --- a call

  async answer() {
    if (this.kind === "desk") return this.order("answer");
    const call = this.in("ringing");
    if (!(await this.station.line?.reached(PATIENCE_MS))) throw new PhoneError("not-connected");
    this.hush();
    try {
      await call.answer();
    } catch (error) {
      if (call.state === "ringing") call.end(480); // rather the next agent than a caller who waits for our microphone
      throw error;
    }
  }

  reject() {
    this.in("ringing").end(486);
  }

  async hangUp() {
    if (this.kind === "desk") return this.order("hang-up");
    const call = this.in("ringing", "calling", "talking");
    const reached = this.station.line?.connected;
    await this.part();
    this.second?.end();
    call.end();
    // Asterisk did not hear that; the server may reach it on its own way.
    if (!reached && call.talkingSince) await this.order("hang-up").catch(() => {});
  }

  async hold() {
    if (this.kind === "desk") return this.order("hold");
    await this.holding(true);
  }

  async resume() {
    if (this.kind === "desk") return this.order("resume");
    await this.holding(false);
  }

  mute(on = true) {
    this.muted = on;
    for (const call of [this.first, this.second]) {
      if (call?.state === "talking" && !this.mix) call.mute(on);
    }
    this.mix?.mute(on);
    this.say("muted", { on });
  }

  /** To whom we are listening: the colleague while one is consulted. */
  keypad(keys) {
    const call = this.second?.state === "talking" && !this.second.held ? this.second : this.in("talking", "calling");
    call.keys(keys);
  }

  async dial(number) {
    if (this.first) throw new PhoneError("busy");
    if (this.kind === "desk") return this.order("dial", { number });
    this.connected();
    this.first = this.make({ direction: "out", number });
    this.changed();
    await this.place(this.first, number);
  }

  // --- handing on

  /** The server asks Asterisk, which knows at once whether that number may be dialled; without it we ask ourselves. */
  async transferBlind(number) {
    const call = this.kind === "desk" ? null : this.in("talking");
    const away = (error) => error.cause?.status === 0 || error.cause?.status >= 500;
    await this.part();
    try {
      if (call) call.handedOn = true;
      await this.order("transfer", { to: number });
    } catch (error) {
      if (call) call.handedOn = false;
      if (!call || !away(error)) {
        this.say("transfer-failed", { to: number, kind: "blind" });
        throw error;
      }
      await this.refer(call, number, null);
    }
    this.say("transferred", { to: number, kind: "blind" });
  }

  async consult(number) {
    const call = this.in("talking");
    if (this.second) throw new PhoneError("busy");
    this.connected();
    this.second = this.make({ direction: "out", number });
    this.say("consult", { state: "calling", colleague: this.colleague });
    try {
      await call.hold(true);
      await this.place(this.second, number);
    } catch (error) {
      this.second?.end();
      throw error;
    }
  }

  async swap() {
    const [call, colleague] = this.both();
    this.connected();
    await this.part();
    const to = colleague.held ? colleague : call;
    const from = to === call ? colleague : call;
    await from.hold(true);
    await to.hold(false);
    this.say("swapped", { with: to === call ? "caller" : "colleague" });
  }

  async join() {
    const [call, colleague] = this.both();
    if (this.mix) return;
    this.connected();
    await call.hold(false);
    await colleague.hold(false);
    this.mix = await Together.of(await this.sound.voice(), call, colleague);
    this.mix.mute(this.muted);
    for (const each of [call, colleague]) each.mute(false);
    this.say("together");
  }

  async completeTransfer() {
    const [call, colleague] = this.both();
    this.connected();
    const to = colleague.number;
    await this.refer(call, to, colleague);
    this.say("transferred", { to, kind: "attended" });
  }

  async abandonConsult() {
    if (!this.second) throw new PhoneError("no-call");
    const call = this.first;
    await this.part();
    this.second.end();
    if (call?.state === "talking") await call.hold(false);
  }

  // --- devices

  devices() {
    return this.sound.devices();
  }

  choose(settings) {
    this.sound.choose(settings);
    if ("microphone" in settings) this.sound.close();
    this.changed();
  }

  testSpeaker() {
    return this.sound.test("speaker");
  }

  testRinger() {
    return this.sound.test("ringer");
  }

  async testMicrophone(tell) {
    const end = await this.sound.meter(tell);
    return () => {
      end();
      this.rest();
    };
  }

  async allow() {
    if (globalThis.Notification?.permission === "default") await Notification.requestPermission();
    await this.sound.context(this.sound.settings.ringer);
    try {
      (await this.sound.voice()).stop();
    } catch (error) {
      throw new PhoneError("no-microphone", error);
    }
    this.rest();
  }
}
