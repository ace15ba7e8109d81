// Put into every page of a test before its own scripts: a microphone that sings, an ear; and at `/health`, which is no page
// of anybody's, a telephone without a desk.

(() => {
  if (!navigator.mediaDevices) return; // no page yet
  const voice = HERTZ && new AudioContext(); // one for all calls: a browser has only so many
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (!voice) return real(wanted); // 0: Chromium's own fake microphone, which beeps once a second
    const context = voice;
    const tone = context.createOscillator();
    const level = context.createGain();
    const out = context.createMediaStreamDestination();
    tone.frequency.value = HERTZ;
    level.gain.value = 0.3;
    tone.connect(level).connect(out);
    tone.start();
    await context.resume();
    return out.stream;
  };

  // How loud one frequency is in what a far end says, 0–1.
  const ears = new WeakMap();
  const loudness = async (remote, hertz) => {
    if (!remote) return 0;
    if (!ears.has(remote)) {
      const context = new AudioContext();
      await context.resume();
      const analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      context.createMediaStreamSource(remote).connect(analyser);
      ears.set(remote, { context, analyser });
    }
    const { context, analyser } = ears.get(remote);
    await new Promise((done) => setTimeout(done, 150));
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    let [real, imaginary] = [0, 0];
    samples.forEach((sample, n) => {
      const angle = (2 * Math.PI * hertz * n) / context.sampleRate;
      real += sample * Math.cos(angle);
      imaginary += sample * Math.sin(angle);
    });
    return (2 * Math.hypot(real, imaginary)) / samples.length;
  };

  if (location.pathname !== "/health") {
    // A page of the product with its own telephone, which it keeps to itself: heard is what comes in last.
    let line = null;
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...given) {
        super(...given);
        this.addEventListener("track", ({ track }) => (line = new MediaStream([track])));
      }
    };
    window.level = (_whom, hertz) => loudness(line, hertz);
    return;
  }

  tell({ kind: "loaded" });
  const EVENTS = [
    "registered", "unregistered", "elsewhere", "ringing", "answered", "held", "resumed", "muted", "sound", "quiet", "ended",
    "waiting", "consult", "swapped", "together", "transferred", "transfer-failed", "taken-up", "attention", "blocked",
    "failure",
  ];
  window.began = import("/static/phone.js").then(({ Phone }) => {
    window.phone = new Phone({ csrf: CSRF, notice: (call) => ({ title: call.number, body: call.name }) });
    for (const kind of EVENTS) {
      phone.addEventListener(kind, ({ detail }) => {
        const at = (performance.timeOrigin + performance.now()) / 1000;
        tell({ kind, at, detail: JSON.parse(JSON.stringify(detail)) });
      });
    }
    return phone.start();
  });
  window.shown = () => ({
    kind: phone.kind, extension: phone.extension, line: phone.line, call: phone.call, colleague: phone.colleague,
    together: phone.together, muted: phone.muted,
  });
  window.level = (whom, hertz) => loudness(phone[whom]?.remote, hertz);
})();
