// What is being recorded now, for supervisors: leaving parts out, for whoever forgot.
import { ask, toast } from "./office.js";

const data = JSON.parse(document.getElementById("recordings-data").textContent);
const { words, language } = data;
const READ_MILLISECONDS = 5000;

function line(one) {
  const item = document.createElement("li");
  const state = document.createElement("span");
  state.className = "badge";
  state.dataset.level = one.state === "paused" ? "near" : "bad";
  state.textContent = one.state === "paused" ? words.paused : words.on;
  const who = document.createElement("span");
  who.textContent = [one.agents.map((agent) => data.agents[agent]?.[language] ?? agent).join(", "), data.queues[one.queue]?.[language] ?? one.queue].filter(Boolean).join(" · ");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = one.state === "paused" ? words.go_on : words.pause;
  button.addEventListener("click", async () => {
    button.disabled = true;
    await ask("POST", `/api/recordings/${one.call_id}/${one.state === "paused" ? "resume" : "pause"}`).catch((error) => toast(error.message, "bad"));
    read();
  });
  item.append(state, who, button);
  return item;
}

function draw(live) {
  document.getElementById("live").replaceChildren(...live.map(line));
  document.getElementById("live-none").hidden = live.length > 0;
}

async function read() {
  if (document.hidden) return;
  const live = await ask("GET", "/api/recordings/live").catch(() => null);
  if (live) draw(live);
}

draw(data.live);
setInterval(read, READ_MILLISECONDS);
document.addEventListener("visibilitychange", read);
