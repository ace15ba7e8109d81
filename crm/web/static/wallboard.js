// Keeps the board fresh: draws the parts that changed, lets times run by the server's clock, says when it is stale.
"use strict";
(() => {
  const STALE_AFTER_SECONDS = 12; // more than two missed heartbeats
  const AGAIN_AFTER_MILLISECONDS = 2000;
  const body = document.body;
  let ahead = Number(body.dataset.now) - Date.now() / 1000; // server's clock minus ours
  let heardAt = Date.now() / 1000;
  let connected = true;
  let fresh = true;
  let stale = false;
  let freshAt = Number(body.dataset.now); // by the server's clock

  const now = () => Date.now() / 1000 + ahead;
  const two = (number) => String(number).padStart(2, "0");
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  function clock(seconds) {
    const local = new Date((seconds + Number(body.dataset.offset)) * 1000);
    return [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(":");
  }

  function length(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(whole % 60)}`;
  }

  function times() {
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = now() - Number(element.dataset.since);
      put(element.querySelector("[data-time]") ?? element, length(seconds));
      const limit = Number(element.dataset.limit);
      if (!limit) continue;
      element.dataset.level = seconds > limit ? "bad" : seconds > limit * 2 / 3 ? "near" : "good";
      const width = Math.min(100, Math.max(0, seconds / limit * 50)); // the limit is the middle of the bar
      element.querySelector(".fill").setAttribute("width", `${width.toFixed(1)}%`);
    }
  }

  function tick() {
    stale = !connected || !fresh || Date.now() / 1000 - heardAt > STALE_AFTER_SECONDS;
    body.classList.toggle("is-stale", stale);
    const notice = document.getElementById("stale");
    if (stale) put(document.getElementById("stopped"), clock(freshAt));
    notice.hidden = !stale;
    put(document.getElementById("clock"), clock(now()));
    if (!stale) times();
  }

  function draw(message) {
    heardAt = Date.now() / 1000;
    ahead = message.now - heardAt;
    connected = true;
    fresh = message.fresh;
    if (fresh) freshAt = message.now;
    for (const [name, html] of Object.entries(message.parts)) {
      const element = document.getElementById(name);
      if (element) element.innerHTML = html; // made by our own templates, escaped there
    }
    tick();
  }

  function connect() {
    const source = new EventSource(body.dataset.events);
    source.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.parts) draw(message); // else the last word of a stream whose log-in is over
    };
    source.onerror = () => {
      connected = false;
      tick();
      source.close(); // a browser gives up for good when a proxy answers with an error; we do not
      setTimeout(connect, AGAIN_AFTER_MILLISECONDS);
      fetch(location.href, { headers: { Accept: "application/json" } }) // the log-in may be over, or the key another
        .then((answer) => { if (answer.status === 401) location.reload(); }, () => {});
    };
  }

  tick();
  setInterval(tick, 250);
  connect();
})();
