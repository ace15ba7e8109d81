// Whether the talk is recorded, and leaving out what is nobody else's business.
import { ask, toast } from "./office.js";
import { $, say, words } from "./desk-dom.js";
import { model, on } from "./desk-model.js";
import { hear } from "./desk-stream.js";

const OPEN = new Set(["talking", "held"]);
let recording = null;
let news = 0; // how often we were told

function draw() {
  const shown = recording !== null && model.call?.call_id === recording.call_id && OPEN.has(model.call.phase);
  $("recording").hidden = !shown;
  if (!shown) return;
  const paused = recording.state === "paused";
  $("recording-state").textContent = paused ? words.recording_paused : words.recording_on;
  $("recording-state").dataset.level = paused ? "near" : "bad";
  $("recording-text").textContent = paused ? words.recording_go_on : words.recording_pause;
}

function set(told) {
  news += 1;
  const before = recording;
  recording = told;
  draw();
  if (before && told && before.call_id === told.call_id && before.state !== told.state) {
    $("said").textContent = told.state === "paused" ? words.recording_paused : words.recording_on;
  }
}

/** What goes on now, after the page or its stream began anew. */
async function read() {
  const asked = news;
  const now = await ask("GET", "/api/recordings/now").catch(() => null);
  if (now && news === asked) set(now.recording); // what was told meanwhile is newer than the answer
}

export const recordingActions = {
  async recording() {
    if ($("recording").hidden) return;
    const order = recording.state === "paused" ? "resume" : "pause";
    try {
      set(await ask("POST", `/api/recordings/${recording.call_id}/${order}`));
    } catch (error) {
      toast(say("failed", { why: error.message }), "bad");
    }
  },
};

export function startRecording() {
  hear("recording", (message) => set(message.recording));
  hear("hello", read);
  on(["call"], draw);
}
