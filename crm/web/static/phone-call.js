// One call: a JsSIP session with its microphone track, what is heard of it, and its state.

const WAY_OUT_MS = 800; // what STUN and TURN have not found by then is not waited for
const READY_MS = 5_000;
const LOST_MS = 12_000; // Asterisk itself gives a browser up after 8 s without sound

/** Something that the telephone was asked to do and could not; `code` says why. */
export class PhoneError extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

const OUTCOMES = {
  Busy: "busy", "Not Found": "not-permitted", Unavailable: "no-answer", "No Answer": "no-answer",
  Rejected: "refused", Canceled: "cancelled", "User Denied Media Access": "no-microphone",
  "Connection Error": "network", "Request Timeout": "network", "RTP Timeout": "network",
};

/**
 * `state`: ringing (in), calling (out), talking, ended. `tell(what, detail)`: progress, answered, sound, quiet,
 * held, resumed, ended.
 */
export class Call {
  constructor({ direction, number, name = "", sound, tell, servers = [], resumes = null }) {
    this.direction = direction;
    this.number = number;
    this.name = name;
    this.sound = sound;
    this.tell = tell;
    // None as a rule: Asterisk has an address that browsers reach, and nothing needs to be found out.
    this.servers = servers;
    this.resumes = resumes;
    this.state = direction === "in" ? "ringing" : "calling";
    this.held = false;
    this.began = Date.now();
    this.talkingSince = null;
    this.remote = null;
    this.voice = null;
    this.dialog = null;
    this.waiting = new Set();
  }

  get id() {
    return this.session?.id ?? null;
  }

  /** What a page may know. */
  snapshot() {
    const { id, direction, number, name, state, held, began, talkingSince } = this;
    return { id, direction, number, name, state, held, began, talking_since: talkingSince };
  }

  // --- begin

  /** A call that came in. */
  receive(session, request) {
    this.session = session;
    for (const [event, handler] of Object.entries(this.handlers())) session.on(event, handler);
    this.request = request;
    return this;
  }

  /** A call of ours; `line` makes it. Throws PhoneError("no-microphone"). */
  async place(line, number, headers = []) {
    await this.takeVoice();
    if (this.state === "ended") return;
    this.session = line.call(number, {
      mediaStream: new MediaStream([this.voice]),
      pcConfig: { iceServers: this.servers },
      extraHeaders: headers,
      eventHandlers: this.handlers(),
    });
  }

  async answer() {
    if (this.state !== "ringing" || this.answering) return;
    this.answering = true;
    try {
      await this.takeVoice();
    } catch (error) {
      this.answering = false;
      throw error;
    }
    if (this.state !== "ringing") return;
    this.session.answer({ mediaStream: new MediaStream([this.voice]), pcConfig: { iceServers: this.servers } });
  }

  async takeVoice() {
    try {
      this.voice = await this.sound.voice();
    } catch (error) {
      throw new PhoneError("no-microphone", error);
    }
    if (this.state === "ended") this.voice.stop();
  }

  handlers() {
    return {
      peerconnection: ({ peerconnection }) => {
        peerconnection.addEventListener("track", ({ track }) => {
          this.remote = new MediaStream([track]);
          this.silence?.();
          this.silence = this.sound.play(this.remote);
        });
        peerconnection.addEventListener("iceconnectionstatechange", () => this.reach(peerconnection));
        this.listen(peerconnection);
      },
      icecandidate: ({ candidate, ready }) => this.gather(candidate, ready),
      progress: ({ originator, response }) => {
        if (originator === "remote") this.tell("progress", { sound: Boolean(response?.body) });
      },
      accepted: ({ response }) => {
        this.remember(response);
        this.state = "talking";
        this.talkingSince = this.resumes?.talking_since ?? Date.now();
        this.tell("answered", {});
      },
      ended: (event) => this.over(event),
      failed: (event) => this.over(event),
    };
  }

  /**
   * The first address that Asterisk can send sound to is enough: it finds others by itself, and waiting for all costs a
   * tenth of a second. With servers, the one that they find is what matters; one that does not answer is not waited for
   * long. On a busy machine TCP's placeholders come first: a description that has only these names no address
   * (c=0.0.0.0), and Asterisk takes the call for held.
   */
  gather({ type, protocol, address }, ready) {
    if (protocol !== "udp") return;
    const wanted = this.servers.some(({ credential }) => credential) ? "relay" : this.servers.length ? "srflx" : type;
    const another = address?.includes(":"); // IPv6, which Asterisk may not have: an IPv4 address follows at once
    if (type === wanted && !another) ready();
    else setTimeout(ready, WAY_OUT_MS);
  }

  /** Asterisk no longer answers on the way of the sound: it may come back, or not. */
  reach({ iceConnectionState: state }) {
    const away = state === "disconnected";
    if (away === Boolean(this.away)) return;
    clearTimeout(this.away);
    this.away = away ? setTimeout(() => this.lose(), LOST_MS) : null;
    if (this.state === "talking") this.tell("quiet", { on: away });
  }

  lose() {
    if (this.state === "ended") return;
    this.over({ originator: "system", cause: "RTP Timeout" });
    if (!this.session.isEnded()) this.session.terminate();
  }

  /** Tells when the far end is heard for the first time. */
  async listen(connection) {
    while (this.state !== "ended") {
      const [receiver] = connection.getReceivers();
      for (const each of (await receiver?.getStats())?.values() ?? []) {
        if (each.type === "inbound-rtp" && each.packetsReceived > 0) return this.tell("sound", {});
      }
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** The dialog's name, as somebody who takes its place must say it (RFC 3891: tags as the far end sees them). */
  remember(response) {
    const { call_id: id, from_tag: from, to_tag: to } = response ?? this.request;
    this.dialog = response ? { id, theirs: to, ours: from } : { id, theirs: from, ours: to };
  }

  // --- in the call

  /** Puts the far end on hold, or takes it back; settled when Asterisk has agreed. */
  async hold(on) {
    if (this.state !== "talking") throw new PhoneError("no-call");
    if (this.held === on) return;
    await this.ready();
    await this.until((done) => (on ? this.session.hold({}, done) : this.session.unhold({}, done)));
    this.held = on;
    this.tell(on ? "held" : "resumed", {});
  }

  mute(on) {
    if (on) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  /** Keys as the far end's machine understands them (RFC 4733). */
  keys(keys) {
    if (this.state !== "talking" && this.state !== "calling") throw new PhoneError("no-call");
    this.session.sendDTMF(keys, { transportType: "RFC2833", duration: 120, interToneGap: 80 });
  }

  get sender() {
    return this.session.connection.getSenders().find(({ track }) => track?.kind === "audio");
  }

  /** Asks Asterisk to connect the far end with a number, or with the far end of `other`. Settled when it has. */
  refer(target, other = null) {
    return new Promise((resolve, reject) => {
      const failed = (event) => reject(new PhoneError("transfer-failed", event));
      this.waiting.add(failed);
      this.session.refer(target, {
        replaces: other?.session,
        eventHandlers: { accepted: resolve, failed, requestFailed: failed },
      });
    });
  }

  /** After its socket was lost: tells Asterisk the new way to us, or the end of the call would not be heard. */
  async refresh() {
    if (this.state !== "talking") return;
    await this.ready();
    this.session.renegotiate();
  }

  async ready() {
    const deadline = performance.now() + READY_MS;
    while (!this.session.isReadyToReOffer()) {
      if (this.state === "ended" || performance.now() > deadline) throw new PhoneError("not-now");
      await new Promise((done) => setTimeout(done, 30));
    }
  }

  until(begin) {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const done = () => {
        this.waiting.delete(reject);
        resolve();
      };
      if (!begin(done)) reject(new PhoneError("not-now"));
    });
  }

  // --- end

  /** Ends it in whatever state it is; `status` refuses a call that rings with this SIP status. */
  end(status = 480) {
    if (this.state === "ended") return;
    if (!this.session) {
      this.over({ originator: "local", cause: "Canceled" });
      return;
    }
    this.wanted = true;
    this.session.terminate(this.state === "ringing" ? { status_code: status } : {});
  }

  over({ originator, cause }) {
    if (this.state === "ended") return;
    const was = this.state;
    this.state = "ended";
    clearTimeout(this.away);
    this.silence?.();
    this.voice?.stop();
    for (const reject of this.waiting) reject(new PhoneError("ended"));
    this.waiting.clear();
    const by = this.wanted ? "us" : OUTCOMES[cause] === "network" ? "network" : originator === "local" ? "us" : "them";
    this.tell("ended", { was, by, cause: this.outcome(was, by, cause) });
  }

  outcome(was, by, cause) {
    if (was === "ringing") return by === "us" ? "refused" : "missed";
    if (was === "calling") return OUTCOMES[cause] ?? "failed";
    return OUTCOMES[cause] === "network" ? "network" : "hung-up";
  }
}
