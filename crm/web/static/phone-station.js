// Whether the telephone is here: the account of this log-in, this browser's other tabs, and the line.

import { Line, NoAccount } from "./phone-line.js";
import { Tabs } from "./phone-tabs.js";

const TRY_AGAIN_MS = 1_000;
// Before the account is ours: another log-in has the telephone. The line asks again and again.
const NOT_YET = (extension) => ({
  uri: `sip:${extension}@hotline`, user: extension, secret: "-", domain: "hotline", path: "/api/telephone/socket",
});
const NEVER = ["no-extension", "logged-out"];

/** The server refused; `status` 0: it was not reached. `data` is what it said. */
export class Refused extends Error {
  constructor(status, data) {
    super(data?.advice ?? `status ${status}`);
    this.status = status;
    this.data = data ?? {};
  }
}

/** Events: `changed`; `up`; `down` and `elsewhere` as Phone's; `invited`; `gained` {along}; `leaving`: before it goes. */
export class Station extends EventTarget {
  constructor(csrf) {
    super();
    this.csrf = csrf;
    this.account = null;
    this.state = { state: "starting" };
    this.line = null;
    this.tabs = null;
    this.calling = this.ringing = () => false;
  }

  get here() {
    return this.state.state === "registered";
  }

  /** Settled when it is known what kind of telephone this is; kind null: none. */
  async start() {
    for (;;) {
      try {
        this.account = await this.fetchAccount();
        break;
      } catch (error) {
        const reason = error.reason ?? "service-away";
        const stays = NEVER.includes(reason);
        this.down({ reason, again_ms: stays ? null : TRY_AGAIN_MS });
        if (stays) return;
        await new Promise((done) => setTimeout(done, TRY_AGAIN_MS));
      }
    }
    if (this.account.kind !== "browser") return;
    this.tabs = new Tabs(this.account.extension);
    this.tabs.tell = () => ({ calling: this.calling() });
    this.tabs.addEventListener("gained", ({ detail }) => this.gained(detail.along));
    this.tabs.addEventListener("elsewhere", ({ detail }) => this.elsewhere("tab", detail));
    this.tabs.addEventListener("asked", () => this.handOver());
    this.tabs.addEventListener("lost", () => this.handOver());
    this.tabs.claim();
  }

  stop() {
    this.line?.stop();
    this.tabs?.release();
    this.set({ state: "stopped" });
  }

  async takeOver() {
    if (this.state.where === "tab" && this.tabs && !this.tabs.has) {
      this.tabs.take();
      return;
    }
    await this.ask("POST", "/api/telephone/take-over");
    this.line?.kick(true);
  }

  /** Asks the server. Throws Refused. */
  async ask(method, path, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers: { Accept: "application/json", "X-CSRF-Token": this.csrf, "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Refused(0);
    }
    const data = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(answer.status, data);
    return data;
  }

  // --- inside

  async fetchAccount() {
    try {
      return await this.ask("GET", "/api/telephone/account");
    } catch ({ status }) {
      const reasons = { 401: "logged-out", 404: "no-extension", 503: "asterisk-away" };
      throw new NoAccount(reasons[status] ?? "service-away");
    }
  }

  /** The account for the line: only while the telephone is ours. */
  async account_of_line() {
    const account = await this.fetchAccount();
    if (account.kind !== "browser") throw new NoAccount("no-extension");
    if (!account.sip) throw new NoAccount("elsewhere", account.elsewhere ?? {});
    return account;
  }

  gained(along) {
    this.set({ state: "starting" });
    this.line = new Line(() => this.account_of_line());
    this.line.ringing = () => this.ringing();
    this.line.addEventListener("up", () => {
      this.set({ state: "registered" });
      this.dispatchEvent(new CustomEvent("up"));
    });
    this.line.addEventListener("down", ({ detail }) => this.down(detail));
    this.line.addEventListener("invited", ({ detail }) => {
      this.dispatchEvent(new CustomEvent("invited", { detail }));
    });
    this.dispatchEvent(new CustomEvent("gained", { detail: { along } }));
    this.line.start({ ...this.account, sip: this.account.sip ?? NOT_YET(this.account.extension) });
  }

  down({ reason, ...detail }) {
    if (reason === "elsewhere") this.elsewhere("browser", detail);
    else if (reason === "replaced") this.elsewhere("tab", detail);
    else this.set({ state: "unregistered", reason, ...detail });
    this.dispatchEvent(new CustomEvent("down", { detail: { reason, ...detail } }));
  }

  elsewhere(where, detail) {
    const { again_ms: _, ...rest } = detail;
    this.set({ state: "elsewhere", where, ...rest });
    this.dispatchEvent(new CustomEvent("elsewhere", { detail: { where, ...rest } }));
  }

  /** Another tab has it from now on, and with it the call that is going on. */
  handOver() {
    const leaving = new CustomEvent("leaving", { detail: { along: null } });
    this.dispatchEvent(leaving);
    this.line?.stop(true);
    this.line = null;
    this.tabs.give(leaving.detail.along);
    this.elsewhere("tab", { since: Date.now(), calling: leaving.detail.along !== null });
  }

  set(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("changed"));
  }
}
