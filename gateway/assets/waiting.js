// Keeps the list of what waits up to date while somebody looks at it. Without it, "look again" does the same.
const EVERY = 3_000;
// Not for ever: a page that is left open shall not keep its session alive.
const LONGEST = 15 * 60_000;
const began = Date.now();
const list = document.getElementById("waiting");
const said = document.getElementById("said");

async function look() {
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.pathname, { cache: "no-store", redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("waiting");
    if (fresh && fresh.innerHTML !== list.innerHTML) {
      said.textContent = list.dataset.news;
      // Nothing is taken away under somebody's finger.
      if (!list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
    }
  }
  if (Date.now() - began < LONGEST) setTimeout(again, EVERY);
}

// A session that is over, or a service that is away: the page stays as it is.
const again = () => look().catch(() => {});
setTimeout(again, EVERY);
