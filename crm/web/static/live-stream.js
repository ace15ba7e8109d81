// Server-sent events that come back by themselves. A stream that is silent for too long is dead, whatever the browser
// believes; a hidden page that nobody looks at may close its own (browsers allow few connections to one address).

const SILENT_MILLISECONDS = 10000; // more than two beats missed
const FIRST_RETRY_MILLISECONDS = 300;
const LONGEST_RETRY_MILLISECONDS = 5000;

/**
 * `heard(message)` gets every message, `opened(name, first)` each begin, `lost()` each end. `before()`: what must
 * succeed before another try, such as reading the state anew; gives whether it did.
 */
export class LiveStream {
  constructor(url, { heard, opened = () => {}, lost = () => {}, before = async () => true }) {
    Object.assign(this, { url, heard, opened, lost, before });
    this.source = null;
    this.retry = FIRST_RETRY_MILLISECONDS;
    this.first = true;
    this.wanted = false;
    setInterval(() => {
      if (this.source && Date.now() - this.lastHeard > SILENT_MILLISECONDS) this.end();
    }, 1000);
    addEventListener("online", () => this.wanted && !this.source && this.again(0));
    addEventListener("offline", () => this.wanted && this.end());
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.wanted && this.open());
  }

  open() {
    this.wanted = true;
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(this.url);
    this.source = source;
    this.lastHeard = Date.now();
    source.onmessage = (event) => {
      if (source !== this.source) return;
      this.lastHeard = Date.now();
      const message = JSON.parse(event.data);
      if (message.kind === "hello") {
        this.retry = FIRST_RETRY_MILLISECONDS;
        this.opened(message.stream, this.first);
        this.first = false;
      }
      this.heard(message);
    };
    source.onerror = () => source === this.source && this.end();
  }

  close() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** It is dead; tried again soon. */
  end() {
    this.source?.close();
    this.source = null;
    this.lost();
    this.again(this.retry);
    this.retry = Math.min(this.retry * 2, LONGEST_RETRY_MILLISECONDS);
  }

  again(after) {
    clearTimeout(this.timer);
    if (!this.wanted) return;
    this.timer = setTimeout(async () => {
      if (!(await this.before())) this.end();
      else if (this.wanted) this.open();
    }, after);
  }
}
