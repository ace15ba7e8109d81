// Sound: devices, microphone, ring tone (our own, made here), what the far end says, three together.

const KEPT = "hotline-telephone-sound";
// A microphone that another program lets go, or a machine that is busy, is ready a moment later.
const TRY_AGAIN_MS = [150, 300, 600];
const PASSES = ["NotReadableError", "AbortError"];
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
// The ring: two bells a fifth apart, struck twice; Hertz, start and length in seconds. Silence follows.
const BELLS = [[659.3, 0, 0.5], [987.8, 0.18, 0.5], [659.3, 0.8, 0.5], [987.8, 0.98, 0.5]];
const RING_EVERY_MS = 3_000;
const RINGBACK_HERTZ = 425; // as Thai networks do: one second, then four of silence
const RINGBACK_EVERY_MS = 5_000;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

export class Sound {
  /** `blocked`: called when the browser lets nothing be heard before somebody has clicked somewhere. */
  constructor(blocked = () => {}) {
    this.settings = { microphone: "", speaker: "", ringer: "", volume: 0.6, ...kept() };
    this.blocked = blocked;
    this.players = new Set();
    this.repeating = null;
  }

  /** Chooses devices: ids as in `devices`, "" is the system's own; `volume` of the ring tone 0–1. */
  choose(settings) {
    Object.assign(this.settings, settings);
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.settings));
    } catch {
      // a browser that keeps nothing: the choice holds until the page is closed
    }
    for (const player of this.players) this.route(player, this.settings.speaker);
  }

  /** What can be chosen; names are empty until the microphone was allowed once. */
  async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind) => all.filter((each) => each.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, label }));
    return { microphones: of("audioinput"), speakers: of("audiooutput") };
  }

  // --- microphone

  /** Opens the microphone, once for all calls; the stream. Throws what getUserMedia throws. */
  open() {
    this.opening ??= this.take().catch((error) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  async take() {
    const { microphone } = this.settings;
    const audio = microphone ? { ...VOICE, deviceId: { ideal: microphone } } : VOICE;
    for (const wait of TRY_AGAIN_MS) {
      try {
        return await navigator.mediaDevices.getUserMedia({ audio, video: false });
      } catch (error) {
        if (!PASSES.includes(error.name)) throw error;
      }
      await new Promise((done) => setTimeout(done, wait));
    }
    return navigator.mediaDevices.getUserMedia({ audio, video: false });
  }

  /** A track of its own for one call: holding one call must not silence another. */
  async voice() {
    const stream = await this.open();
    const [track] = stream.getAudioTracks();
    if (track.readyState === "ended") { // unplugged since
      this.close();
      return this.voice();
    }
    return track.clone();
  }

  /** Lets the microphone go. */
  close() {
    this.opening?.then((stream) => stream.getTracks().forEach((track) => track.stop()), () => {});
    this.opening = null;
  }

  // --- what is heard

  /** Plays a stream on the chosen speaker; a function that ends it. */
  play(stream) {
    const player = new Audio();
    player.srcObject = stream;
    this.players.add(player);
    this.route(player, this.settings.speaker).then(() => player.play()).catch((error) => {
      if (error.name === "NotAllowedError") this.blocked();
    });
    return () => {
      this.players.delete(player);
      player.srcObject = null;
    };
  }

  async route(output, device) {
    try {
      await output.setSinkId?.(device || "");
    } catch {
      if (device) await this.route(output, ""); // gone: rather there than nowhere
    }
  }

  async context(device) {
    this.tones ??= new AudioContext();
    if (this.routed !== device) await this.route(this.tones, device);
    this.routed = device;
    if (this.tones.state !== "running") {
      await Promise.race([this.tones.resume(), new Promise((done) => setTimeout(done, 300))]);
      if (this.tones.state !== "running") this.blocked();
    }
    return this.tones;
  }

  // --- tones

  /** Begins to ring. */
  ring() {
    this.repeat(() => this.strike(this.settings.ringer, BELLS, this.settings.volume, true), RING_EVERY_MS);
  }

  /** Begins to sound like a telephone that rings at the other end. */
  ringback() {
    const tone = [[RINGBACK_HERTZ, 0, 1]];
    this.repeat(() => this.strike(this.settings.speaker, tone, 0.12, false), RINGBACK_EVERY_MS);
  }

  /** One short sound on the speaker ("speaker") or where it rings ("ringer"). */
  async test(which) {
    await this.strike(this.settings[which], BELLS.slice(0, 2), which === "ringer" ? this.settings.volume : 0.4, true);
  }

  /** A low knock: a call that is answered by itself. */
  async knock() {
    await this.strike(this.settings.speaker, [[880, 0, 0.12]], 0.4, true);
  }

  /** Ends ring, ringback. */
  quiet() {
    clearInterval(this.repeating);
    this.repeating = null;
    this.sounding?.disconnect();
    this.sounding = null;
  }

  repeat(play, every) {
    this.quiet();
    play();
    this.repeating = setInterval(play, every);
  }

  async strike(device, notes, volume, bell) {
    const wanted = this.repeating;
    const context = await this.context(device);
    if (wanted && wanted !== this.repeating) return; // answered meanwhile
    const out = context.createGain();
    out.gain.value = volume;
    out.connect(context.destination);
    for (const [hertz, start, length] of notes) note(context, out, hertz, context.currentTime + start, length, bell);
    if (wanted) this.sounding = out;
  }

  /** Tells the level (0–1) of the chosen microphone to `tell`, twenty times a second; a function that ends it. */
  async meter(tell) {
    const track = await this.voice();
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      tell(Math.min(1, Math.max(...samples.map(Math.abs))));
    }, 50);
    return () => {
      clearInterval(timer);
      track.stop();
      context.close();
    };
  }
}

function note(context, out, hertz, start, length, bell) {
  const envelope = context.createGain();
  envelope.connect(out);
  envelope.gain.setValueAtTime(0, start);
  envelope.gain.linearRampToValueAtTime(1, start + 0.01);
  if (bell) envelope.gain.exponentialRampToValueAtTime(0.001, start + length);
  else envelope.gain.setValueAtTime(1, start + length - 0.02);
  envelope.gain.linearRampToValueAtTime(0, start + length + 0.01);
  for (const [times, share] of bell ? [[1, 0.6], [2, 0.25], [3, 0.15]] : [[1, 1]]) {
    const tone = context.createOscillator();
    const part = context.createGain();
    tone.frequency.value = hertz * times;
    part.gain.value = share;
    tone.connect(part).connect(envelope);
    tone.start(start);
    tone.stop(start + length + 0.02);
  }
}

/**
 * Three together: each far end hears us and the other one. Mixed here; Asterisk carries two ordinary calls.
 * `first`, `second`: {remote: MediaStream, sender: RTCRtpSender}.
 */
export class Together {
  static async of(voice, first, second) {
    const it = new Together();
    it.context = new AudioContext({ latencyHint: "interactive" });
    await it.context.resume();
    it.voice = voice;
    it.own = it.context.createGain();
    it.context.createMediaStreamSource(new MediaStream([voice])).connect(it.own);
    it.changed = [];
    await it.give(first, second);
    await it.give(second, first);
    return it;
  }

  async give(to, from) {
    const mix = this.context.createMediaStreamDestination();
    this.own.connect(mix);
    this.context.createMediaStreamSource(from.remote).connect(mix);
    this.changed.push([to.sender, to.sender.track]);
    await to.sender.replaceTrack(mix.stream.getAudioTracks()[0]);
  }

  mute(on) {
    this.own.gain.value = on ? 0 : 1;
  }

  /** Each far end hears only us again. */
  async part() {
    for (const [sender, track] of this.changed) await sender.replaceTrack(track).catch(() => {});
    this.voice.stop();
    await this.context.close();
  }
}
