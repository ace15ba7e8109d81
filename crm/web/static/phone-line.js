// The line: a web socket to our own address, SIP registration on it, and whether calls can really reach us.
//
// It counts as up while it is registered and Asterisk asks every few seconds whether we are there (OPTIONS): before the
// first question nobody is rung. So `up` never means less than "it can ring". It comes back by itself; calls that are
// going on survive meanwhile.

import JsSIP from "/static/vendor/jssip.js";

const SIGN_OF_LIFE_MS = 13_000; // Asterisk asks every 5 s and waits 3 s: two questions may get lost
const ASLEEP_MS = 5_000; // a clock that jumps by so much: the machine slept
const OPEN_MS = 5_000;
const REGISTER_MS = 5_000; // an Asterisk that is just starting takes a socket and says nothing
const MOMENT_MS = 1_500;
const BACK_OFF_MS = [200, 500, 1_000, 1_500, 2_000, 3_000, 5_000];
const EXPIRES_SECONDS = 300;
const RENEW_MS = 120_000; // by our own clock: JsSIP's is slowed down in a page that nobody looks at
const REASONS = {
  4401: "logged-out", 4409: "elsewhere", 4410: "replaced", 4503: "asterisk-away", 1012: "service-away",
};

/** Why there is no account; `reason` as in Phone's `unregistered`. */
export class NoAccount extends Error {
  constructor(reason, detail = {}) {
    super(reason);
    this.reason = reason;
    this.detail = detail;
  }
}

/** What JsSIP asks of a socket. It opens and opens again by itself, each time with the account as it is then. */
class Socket {
  constructor(path, line) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.url = `${scheme}://${location.host}${path}`;
    this.via_transport = "WS";
    this.sip_uri = `sip:${location.host};transport=ws`;
    this.onconnect = this.ondisconnect = this.ondata = () => {};
    this.line = line;
    this.socket = null;
    this.wanted = false;
    this.opening = false;
    this.failures = 0;
    this.thinksOpen = false; // JsSIP does
    this.telling = null;
  }

  /** JsSIP's wish: the first begins, later ones are its own attempts to come back, which are ours to make. */
  connect() {
    if (this.begun) return;
    this.begun = this.wanted = true;
    this.again(0);
  }

  disconnect() {
    this.begun = this.wanted = false;
    clearTimeout(this.timer);
    clearTimeout(this.telling);
    this.telling = null;
    this.thinksOpen = false;
    this.drop();
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(message);
    return true;
  }

  /** Opens as soon as it may; `after` milliseconds at the earliest. */
  again(after) {
    clearTimeout(this.timer);
    if (this.wanted && !this.socket && !this.opening) this.timer = setTimeout(() => this.open(), after);
  }

  async open() {
    this.opening = true;
    try {
      await this.line.renewAccount();
    } catch (error) {
      this.opening = false;
      this.lost(error instanceof NoAccount ? error.reason : "service-away", error.detail);
      return;
    }
    this.opening = false;
    if (!this.wanted) return;
    const socket = new WebSocket(this.url, "sip");
    this.socket = socket;
    const slow = setTimeout(() => this.drop("no-answer"), OPEN_MS);
    socket.onopen = () => {
      clearTimeout(slow);
      this.line.opened();
      clearTimeout(this.telling);
      this.telling = null;
      if (this.thinksOpen) {
        this.line.register();
      } else {
        this.thinksOpen = true;
        this.onconnect();
      }
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      this.line.heard(data);
      this.ondata(data);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(slow);
      if (this.socket === socket) this.drop(REASONS[code] ?? "network");
    };
  }

  /** Gives this socket up, whatever its state. */
  drop(reason) {
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (reason) this.lost(reason);
  }

  lost(reason, detail) {
    const wait = BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)] * (0.8 + 0.4 * Math.random());
    this.failures += 1;
    const stays = this.line.lost(reason, detail, wait);
    // Once JsSIP has heard of a lost socket it cannot answer what rang on it: so it hears of it a moment later, or never.
    if (this.line.ringing() && this.thinksOpen) this.telling ??= setTimeout(() => this.confess(), MOMENT_MS);
    else this.confess();
    if (!stays) this.again(wait);
  }

  /** JsSIP hears that the socket is lost. */
  confess() {
    clearTimeout(this.telling);
    this.telling = null;
    this.thinksOpen = false;
    this.ondisconnect(true);
  }
}

/**
 * Events: `up`; `down` {reason, again_ms, …} once for every change of the reason; `invited` {session, request}.
 * `getAccount`: gives the account, or throws NoAccount.
 */
export class Line extends EventTarget {
  constructor(getAccount) {
    super();
    this.getAccount = getAccount;
    this.ringing = () => false; // whether a call rings that was not answered yet
    this.account = null;
    this.up = false;
    this.heardAt = 0;
    this.tickedAt = performance.now();
    this.reason = null;
  }

  /** Begins with this account. */
  start(account) {
    this.account = account;
    this.socket = new Socket(account.sip.path, this);
    this.ua = new JsSIP.UA({
      sockets: [this.socket],
      uri: account.sip.uri,
      authorization_user: account.sip.user,
      password: account.sip.secret,
      display_name: account.display_name || undefined,
      register: true,
      register_expires: EXPIRES_SECONDS,
      session_timers: false, // a refresh that finds no socket would end a call that is well; audio tells who is gone
      no_answer_timeout: 300,
      user_agent: "hotline",
    });
    this.ua.on("registered", () => this.check());
    this.ua.on("registrationFailed", ({ response }) => {
      // A secret that holds no longer: the socket is opened anew, with the account as it is now.
      if (response) this.socket.drop(response.status_code === 503 ? "asterisk-away" : "refused");
    });
    this.ua.on("newRTCSession", ({ originator, session, request }) => {
      if (originator === "remote") this.dispatchEvent(new CustomEvent("invited", { detail: { session, request } }));
    });
    this.ticker = new Worker("/static/phone-ticker.js");
    this.ticker.onmessage = () => this.tick();
    this.online = () => this.kick();
    addEventListener("online", this.online);
    document.addEventListener("visibilitychange", this.online);
    this.ua.start();
  }

  /** Ends it: says good-bye to Asterisk and closes. `silently`: without a word, so that a call can go on elsewhere. */
  stop(silently = false) {
    if (!this.ua) return;
    if (silently) this.socket.disconnect();
    this.ticker.terminate();
    removeEventListener("online", this.online);
    document.removeEventListener("visibilitychange", this.online);
    if (this.ua.isRegistered()) this.ua.unregister();
    this.ua.stop();
    this.socket.disconnect();
    this.ua = null;
    this.up = false;
  }

  get connected() {
    return this.socket?.socket?.readyState === WebSocket.OPEN;
  }

  /** Settled when the socket is open; after `patience` milliseconds it is told that it is not. */
  async reached(patience) {
    const deadline = performance.now() + patience;
    while (!this.connected && performance.now() < deadline) await new Promise((done) => setTimeout(done, 30));
    return this.connected;
  }

  register() {
    this.renewedAt = performance.now();
    this.ua.register();
  }

  /** Tries at once what it was waiting to try; `anew`: also after it was told to stay away. */
  kick(anew = false) {
    if (!this.ua) return;
    if (anew) this.socket.wanted = true;
    if (!this.socket.socket) {
      this.socket.failures = 0;
      this.socket.again(0);
    }
    this.tick();
  }

  // --- told by the socket

  async renewAccount() {
    this.account = await this.getAccount();
    this.ua.set("password", this.account.sip.secret);
  }

  opened() {
    this.asked = false;
    this.openedAt = this.heardAt = this.renewedAt = performance.now();
  }

  heard(message) {
    if (typeof message !== "string" || !message.startsWith("OPTIONS ")) return;
    this.heardAt = performance.now();
    this.asked = true;
    setTimeout(() => this.check()); // when it was answered
  }

  /** Returns whether it stays so: nothing is tried again. */
  lost(reason, detail, wait) {
    const stays = reason === "logged-out" || reason === "replaced" || reason === "no-extension";
    if (stays) this.socket.wanted = false;
    this.down(reason, { ...detail, again_ms: stays ? null : wait });
    return stays;
  }

  // --- the truth

  /** Whether it is up by now. */
  check() {
    if (this.up || !this.asked || !this.connected || !this.ua?.isRegistered()) return;
    this.up = true;
    this.reason = null;
    this.socket.failures = 0;
    this.dispatchEvent(new CustomEvent("up"));
  }

  down(reason, detail = {}) {
    if (!this.up && this.reason === reason) return;
    this.up = false;
    this.reason = reason;
    this.dispatchEvent(new CustomEvent("down", { detail: { reason, ...detail } }));
  }

  tick() {
    const now = performance.now();
    const slept = now - this.tickedAt > ASLEEP_MS;
    this.tickedAt = now;
    if (!this.socket?.socket) return;
    if (slept && now - this.heardAt > ASLEEP_MS) this.socket.drop("asleep");
    else if (this.connected && now - this.heardAt > SIGN_OF_LIFE_MS) this.socket.drop("silent");
    else if (this.connected && !this.up && now - this.openedAt > REGISTER_MS) this.socket.drop("no-answer");
    else if (this.up && now - this.renewedAt > RENEW_MS) this.register();
  }

  /** Begins a call; the JsSIP session. */
  call(number, options) {
    return this.ua.call(`sip:${encodeURIComponent(number)}@${this.account.sip.domain}`, options);
  }

  target(number) {
    return `sip:${encodeURIComponent(number)}@${this.account.sip.domain}`;
  }
}
