// Plays a recording: wave form, jump marks at what happened, one side or both. What is shown is in #player-data.
import { ask } from "./office.js";

const $ = (id) => document.getElementById(id);
const STEP_SECONDS = 5;
const COLOURS = { caller: "#14588f", agent: "#17653b", played: 1, ahead: 0.42, mark: "#7a5200", bad: "#a5232a", line: "#17202e", pause: "rgb(165 35 42 / 14%)", hold: "rgb(122 82 0 / 14%)" };

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = `${String(Math.floor(whole / 60) % 60)}:${String(whole % 60).padStart(2, "0")}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest.padStart(5, "0")}` : rest;
};

/** Spans between two kinds of marks, in seconds of the sound: what was held, what was left out. */
function spans(marks, from, until, end) {
  const found = [];
  let open = null;
  for (const { kind, seconds } of marks) {
    if (seconds === null) continue;
    if (kind === from) open ??= seconds;
    else if (kind === until && open !== null) { found.push([open, seconds]); open = null; }
  }
  if (open !== null) found.push([open, end]);
  return found;
}

export function startPlayer(data) {
  const sound = $("sound");
  const canvas = $("wave-canvas");
  const wave = $("wave");
  const total = data.seconds ?? 0;
  const inside = data.marks.filter((mark) => mark.seconds !== null);
  const held = spans(data.marks, "hold", "resume", total);
  const leftOut = spans(data.marks, "pause", "continue", total);
  let graph = null;

  sound.src = data.sound;
  $("whole").textContent = `/ ${clock(total)}`;
  wave.setAttribute("aria-valuemax", String(Math.round(total)));
  if (!data.sides) {
    $("side").closest("label").hidden = true;
    $("player-sides").hidden = true;
  }

  function draw() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) { canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale); }
    const paint = canvas.getContext("2d");
    paint.setTransform(scale, 0, 0, scale, 0, 0);
    paint.clearRect(0, 0, width, height);
    const at = (seconds) => (total ? (seconds / total) * width : 0);
    for (const [list, colour] of [[held, COLOURS.hold], [leftOut, COLOURS.pause]]) {
      paint.fillStyle = colour;
      for (const [from, until] of list) paint.fillRect(at(from), 0, Math.max(2, at(until) - at(from)), height);
    }
    const two = data.peaks[1].length > 0;
    data.peaks.forEach((peaks, side) => {
      const middle = two ? height * (side ? 0.75 : 0.25) : height / 2;
      const half = (two ? height / 4 : height / 2) - 4;
      paint.fillStyle = side ? COLOURS.agent : COLOURS.caller;
      const step = width / peaks.length;
      peaks.forEach((peak, n) => {
        paint.globalAlpha = n * step <= at(sound.currentTime) ? COLOURS.played : COLOURS.ahead;
        const tall = Math.max(0.5, (peak / 255) * half);
        paint.fillRect(n * step, middle - tall, Math.max(1, step - 0.5), tall * 2);
      });
    });
    paint.globalAlpha = 1;
    for (const mark of inside) {
      paint.fillStyle = mark.kind === "pause" ? COLOURS.bad : COLOURS.mark;
      paint.fillRect(at(mark.seconds) - 0.5, 0, 1.5, height);
    }
    paint.fillStyle = COLOURS.line;
    paint.fillRect(at(sound.currentTime) - 1, 0, 2, height);
  }

  function show() {
    const now = sound.currentTime;
    $("position").textContent = clock(now);
    wave.setAttribute("aria-valuenow", String(Math.round(now)));
    wave.setAttribute("aria-valuetext", `${clock(now)} / ${clock(total)}`);
    const current = inside.findLast((mark) => mark.seconds <= now + 0.05);
    for (const button of $("marks").querySelectorAll("button")) {
      if (current && button.dataset.n === String(data.marks.indexOf(current))) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    draw();
  }

  /** One side alone, in both ears; or both, mixed in both ears. */
  function connect() {
    if (!data.sides || graph) return;
    const context = new AudioContext();
    const splitter = context.createChannelSplitter(2);
    const gains = [context.createGain(), context.createGain()];
    const mono = context.createGain();
    mono.channelCount = 1;
    mono.channelCountMode = "explicit";
    context.createMediaElementSource(sound).connect(splitter);
    gains.forEach((gain, n) => { splitter.connect(gain, n); gain.connect(mono); });
    mono.connect(context.destination);
    graph = { context, gains };
    choose();
  }

  function choose() {
    const side = $("side").value;
    graph?.gains.forEach((gain, n) => { gain.gain.value = side === "both" || side === ["caller", "agent"][n] ? 1 : 0; });
  }

  async function play() {
    if (!sound.paused) return sound.pause();
    connect();
    try {
      await graph?.context.resume();
      await sound.play();
    } catch {
      $("player-fault").hidden = false;
    }
  }

  function go(seconds) {
    sound.currentTime = Math.min(Math.max(0, seconds), Math.max(0, total - 0.05));
    show();
  }

  data.marks.forEach((mark, n) => {
    const item = document.createElement("li");
    if (mark.seconds === null) {
      item.className = "outside";
      item.textContent = mark.label;
    } else {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.n = String(n);
      button.textContent = `${clock(mark.seconds)} ${mark.label}`;
      button.addEventListener("click", () => go(mark.seconds));
      item.append(button);
    }
    $("marks").append(item);
  });

  $("play").addEventListener("click", play);
  $("side").addEventListener("change", choose);
  $("speed").addEventListener("change", () => { sound.playbackRate = Number($("speed").value); });
  for (const event of ["play", "pause", "ended"]) {
    sound.addEventListener(event, () => {
      $("play").textContent = sound.paused ? data.words.play : data.words.stop;
      $("play").setAttribute("aria-pressed", String(!sound.paused));
      show();
    });
  }
  sound.addEventListener("timeupdate", show);
  sound.addEventListener("seeked", show);
  sound.addEventListener("error", () => { $("player-fault").hidden = false; });
  wave.addEventListener("pointerdown", (event) => go((event.offsetX / wave.clientWidth) * total));
  wave.addEventListener("keydown", (event) => {
    const goals = { Home: 0, End: total, PageUp: sound.currentTime + 60, PageDown: sound.currentTime - 60, ArrowUp: sound.currentTime + STEP_SECONDS, ArrowDown: sound.currentTime - STEP_SECONDS };
    if (event.key in goals) { event.preventDefault(); go(goals[event.key]); }
  });
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, textarea, select, button, a, summary")) return;
    if (event.code === "Space") play();
    else if (event.key === "ArrowRight") go(sound.currentTime + STEP_SECONDS);
    else if (event.key === "ArrowLeft") go(sound.currentTime - STEP_SECONDS);
    else if (event.code === "KeyN") {
      const next = inside.find((mark) => mark.seconds > sound.currentTime + 0.2);
      if (next) go(next.seconds);
    } else return;
    event.preventDefault();
  });
  new ResizeObserver(draw).observe(wave);
  show();
}

const told = $("player-data");
if (told && $("player")) startPlayer(JSON.parse(told.textContent));

$("check")?.addEventListener("click", async (event) => {
  const { call_id } = JSON.parse(told.textContent);
  const { intact } = await ask("GET", `/api/recordings/${call_id}/check`).catch(() => ({ intact: false }));
  $("checked").textContent = intact ? event.target.dataset.intact : event.target.dataset.notIntact;
  $("checked").className = intact ? "" : "fault";
});
