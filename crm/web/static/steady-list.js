// A list that is drawn anew while somebody uses it: what is under the pointer stays until the click is over.

/**
 * Gives `redraw(draw)`: draws at once, or, while something in the list is pressed, after its click. Only the newest
 * drawing that waits is done.
 */
export function steady(list) {
  let pressed = false;
  let waiting = null;

  function over() {
    if (!pressed) return;
    setTimeout(() => { // the click comes with the release, before this
      pressed = false;
      const draw = waiting;
      waiting = null;
      draw?.();
    });
  }

  list.addEventListener("pointerdown", () => { pressed = true; });
  for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, over);
  return (draw) => {
    if (pressed) waiting = draw;
    else draw();
  };
}
