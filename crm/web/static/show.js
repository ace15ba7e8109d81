// The visitor's screen (W6): what is going to be sent, as it changes; right, or what is not.
const $ = (id) => document.getElementById(id);
const { words, key, state: first } = JSON.parse($("show-data").textContent);
const READ_MILLISECONDS = 2000;
let state = null;

function line(item) {
  const element = document.createElement("li");
  const title = document.createElement("strong");
  title.textContent = item.title;
  element.append(title);
  for (const text of [item.warning, item.url, ...item.files].filter(Boolean)) {
    const more = document.createElement("span");
    more.className = "visitor-more";
    more.textContent = text;
    element.append(more);
  }
  if (item.html || item.text) element.append(reading(item));
  return element;
}

/** What a piece of knowledge says, as the letter will have it; opened by a finger. */
function reading(item) {
  const details = document.createElement("details");
  details.className = "visitor-read";
  const summary = document.createElement("summary");
  summary.textContent = words.visitor_read;
  const text = document.createElement("div");
  if (item.html) text.innerHTML = item.html; // made safe where it is written
  else Object.assign(text, { textContent: item.text, className: "plain" });
  details.append(summary, text);
  return details;
}

function said(text, level) {
  $("visitor-said").textContent = text;
  $("visitor-said").dataset.level = level;
  $("visitor-said").hidden = !text;
}

function draw(now) {
  now.items ??= state.items; // not told again while nothing has changed
  const changed = state && state.print !== now.print;
  const same = state && !changed;
  state = now;
  $("visitor-name").textContent = now.name;
  $("visitor-address").textContent = now.recipient || words.visitor_no_address;
  for (const [id, text] of [["visitor-answer", now.answer], ["visitor-note", now.note]]) {
    $(id).textContent = text;
    $(id).hidden = !text;
  }
  if (!same) { // what is being read stays open
    const lines = now.items.map(line);
    const none = Object.assign(document.createElement("li"), { textContent: words.visitor_empty, className: "visitor-none" });
    $("visitor-items").replaceChildren(...(lines.length ? lines : [none]));
  }
  $("visitor-keys").hidden = now.confirmed || (!now.items.length && !now.answer);
  if (now.confirmed) said(words.visitor_thanks, "good");
  else if (now.told) said(words.visitor_told, "info");
  else if (changed) said(words.visitor_changed, "near");
  else if ($("visitor-said").dataset.level !== "near") said("", "info");
}

async function ask(path, body) {
  const answer = await fetch(`/show/${key}${path}`, body ? { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body) } : { headers: { Accept: "application/json" } });
  if (answer.status === 404) {
    $("visitor").hidden = true;
    $("visitor-over").hidden = false;
    clearInterval(timer);
    throw new Error("over");
  }
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const read = () => ask(`/state?seen=${state.print}`).then(draw).catch(() => {});
const tell = (right, text = "") => ask("/answer", { seen: state.print, right, words: text }).then(draw).catch(read);

$("visitor-right").addEventListener("click", () => tell(true));
$("visitor-wrong").addEventListener("click", () => {
  $("visitor-form").hidden = false;
  $("visitor-words").focus();
});
$("visitor-form").addEventListener("submit", (event) => {
  event.preventDefault();
  tell(false, $("visitor-words").value);
  $("visitor-form").hidden = true;
  $("visitor-words").value = "";
});
const timer = setInterval(read, READ_MILLISECONDS);
draw(first);
