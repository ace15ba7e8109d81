// What all pages that people work in share: requests that carry the session's token, toasts, language.

let token = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** The token of this session, for changing requests. */
export const csrf = () => token;

/**
 * Whose session this browser has now; null: nobody is logged in, or the server is not reached. When ``user`` (staff id)
 * has logged out and in again in another tab, this page's token is renewed (`renewed`) and its requests work again;
 * somebody else's session is not taken over.
 */
export async function renewSession(user) {
  try {
    const answer = await fetch("/api/session", { headers: { Accept: "application/json" } });
    if (!answer.ok) return null;
    const session = await answer.json();
    const renewed = session.staff_id === user && session.csrf !== token;
    if (renewed) token = session.csrf;
    return { ...session, renewed };
  } catch {
    return null;
  }
}

/** A request that failed: `status` 0 when the server was not reached, `data` is what it said. */
export class RequestFailed extends Error {
  constructor(status, data) {
    super(data?.advice ?? data?.detail ?? `status ${status}`);
    this.status = status;
    this.data = data ?? {};
  }
}

/** Asks the server; gives the JSON of its answer. Throws RequestFailed. */
export async function ask(method, path, body, { signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: {
        Accept: "application/json",
        "X-CSRF-Token": token,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestFailed(0, { advice: error.message });
  }
  const data = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.status === 401 && document.dispatchEvent(new CustomEvent("logged-out", { cancelable: true }))) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!answer.ok) throw new RequestFailed(answer.status, data);
  return data;
}

/** A short sentence at the corner; `level` "bad" stays longer. */
export function toast(text, level = "info") {
  const element = document.createElement("p");
  element.className = "toast";
  element.dataset.level = level;
  element.textContent = text;
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), level === "bad" ? 8000 : 3500);
}

/** The other language, kept in the account, on the same page with its query. */
for (const link of document.querySelectorAll("[data-language]")) {
  const address = new URL(location.href);
  address.searchParams.set("lang", link.dataset.language);
  link.href = address.pathname + address.search;
  if (!token) continue;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    await ask("PUT", "/api/account/language", { language: link.dataset.language }).catch(() => {});
    location.assign(link.href);
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

/** A count beside a place in the bar; nothing when there is none. */
export function setBadge(name, count) {
  for (const badge of document.querySelectorAll(`[data-badge="${name}"]`)) {
    badge.textContent = String(count);
    badge.hidden = !count;
  }
}

const BADGES_MILLISECONDS = 30000;

/** Counts for pages that do not hear of them by themselves. */
async function readBadges() {
  if (document.hidden || !document.querySelector("[data-badge='inbox']")) return;
  const counts = await fetch("/api/inbox/counts", { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null);
  if (!counts) return;
  setBadge("inbox", counts.missed + counts.callbacks + counts.messages + counts.unfinished);
  setBadge("cards", counts.cards);
}

/** On a telephone bars scroll sideways: the place where we are is to be seen. */
function showPlace() {
  for (const strip of document.querySelectorAll(".bar-places, .admin-places")) {
    const here = strip.querySelector("[aria-current], [data-here]")?.getBoundingClientRect();
    const all = strip.getBoundingClientRect();
    if (here && (here.right > all.right || here.left < all.left)) strip.scrollLeft += here.left - all.left - 32;
  }
}

showPlace();
if (!document.body.classList.contains("desk")) {
  readBadges().then(showPlace); // counts make the bar longer
  setInterval(readBadges, BADGES_MILLISECONDS);
  document.addEventListener("visibilitychange", readBadges);
}
