// One telephone a browser: whichever tab has the lock. The others know where it is, and can have it.

const ANSWER_MS = 1_500;

/**
 * Events: `gained`; `elsewhere` {since, calling} when another tab has the telephone; `asked`: the other tab wants it,
 * answer with `give`; `lost`: it was taken without asking, because this tab did not answer.
 */
export class Tabs extends EventTarget {
  constructor(name) {
    super();
    this.name = `hotline-telephone-${name}`;
    this.has = false;
    this.since = null;
    this.tell = () => ({});
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.heard(data);
  }

  /** Wants the telephone; `gained` comes at once, or when the tab that has it is closed. */
  claim() {
    if (!navigator.locks) { // only where pages are not served securely: the server lets the newest tab win
      this.gain(null);
      return;
    }
    navigator.locks.request(this.name, { ifAvailable: true }, (lock) => (lock ? this.hold() : null)).then(() => {
      if (this.granted || this.released) return;
      this.channel.postMessage({ kind: "who" });
      this.wait();
    }, () => this.taken());
  }

  /** Takes it from the tab that has it; what that tab gave along comes with `gained`. */
  take() {
    if (this.has) return;
    this.channel.postMessage({ kind: "give" });
    this.stealing = setTimeout(() => {
      if (this.has) return;
      this.waiting?.abort();
      navigator.locks.request(this.name, { steal: true }, () => this.hold()).catch(() => this.taken());
    }, ANSWER_MS);
  }

  /** Gives it away, with something for the next one; and waits until that is closed. */
  give(along = null) {
    this.channel.postMessage({ kind: "given", along });
    this.has = false;
    this.wait();
    this.letGo?.();
  }

  /** Lets it go, and waits for it no longer. */
  release() {
    this.released = true;
    this.has = false;
    this.waiting?.abort();
    this.letGo?.();
    this.channel.close();
  }

  // --- inside

  wait() {
    this.waiting = new AbortController();
    navigator.locks.request(this.name, { signal: this.waiting.signal }, () => this.hold()).catch(({ name }) => {
      if (name === "AbortError") this.taken();
    });
  }

  hold() {
    if (this.released) return null;
    this.granted = true;
    const held = new Promise((letGo) => (this.letGo = letGo));
    this.gain(this.along ?? null);
    return held;
  }

  gain(along) {
    clearTimeout(this.stealing);
    this.has = true;
    this.since = Date.now();
    this.along = null;
    this.dispatchEvent(new CustomEvent("gained", { detail: { along } }));
  }

  taken() {
    if (!this.has) return;
    this.has = false;
    this.wait();
    this.dispatchEvent(new CustomEvent("lost"));
  }

  heard(message) {
    if (message.kind === "who" && this.has) {
      this.channel.postMessage({ kind: "here", since: this.since, ...this.tell() });
    } else if (message.kind === "here" && !this.has && !this.released) {
      this.dispatchEvent(new CustomEvent("elsewhere", { detail: { since: message.since, calling: message.calling } }));
    } else if (message.kind === "give" && this.has) {
      this.dispatchEvent(new CustomEvent("asked"));
    } else if (message.kind === "given") {
      this.along = message.along;
    }
  }
}
