// A part of the page as the server draws it now.

/** Fetches this page again and puts the element with this id in place of the one that is here. */
export async function redrawn(id) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return; // it is as it was
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById(id).replaceWith(page.getElementById(id));
}
