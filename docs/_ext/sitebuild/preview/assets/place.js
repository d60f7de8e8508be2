// Keeps the reader's place while a page is loaded anew: the block of text at the top of the window stays there,
// whatever was added or removed above it.

const KEY = `live-place:${location.pathname}`; // pages side by side share their storage
const BLOCKS = "h1, h2, h3, h4, p, li, dt, pre, figure, tr";

function blocks() {
  return [...document.querySelectorAll("[role=main]")].flatMap((main) => [...main.querySelectorAll(BLOCKS)]);
}

function topOf(element) {
  return element.getBoundingClientRect().top;
}

function keepPlace() {
  const first = blocks().find((block) => topOf(block) >= 0 && block.textContent.trim());
  const section = first?.closest("section[id]");
  const place = {
    y: scrollY,
    text: first?.textContent,
    top: first && topOf(first),
    section: section?.id,
    sectionTop: section && topOf(section),
  };
  sessionStorage.setItem(KEY, JSON.stringify(place));
}

/** Load the page anew, to be followed by `returnToPlace`. */
export function reload() {
  if (sessionStorage.getItem(KEY) === null) {
    keepPlace(); // unless the reader has not come back yet from the last time
  }
  history.scrollRestoration = "manual";
  location.reload();
}

/** How far a block with the same text, or else its section, has moved from where the reader saw it. */
function shiftOf(place) {
  const shifts = blocks()
    .filter((block) => block.textContent === place.text)
    .map((block) => topOf(block) - place.top);
  if (shifts.length > 0) {
    return shifts.reduce((least, shift) => (Math.abs(shift) < Math.abs(least) ? shift : least));
  }
  const section = place.section && document.getElementById(place.section);
  return section ? topOf(section) - place.sectionTop : 0;
}

/** Scroll to where the reader was before `reload`, if that is why the page was loaded. */
export function returnToPlace() {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null) {
    const place = JSON.parse(kept);
    scrollTo({ top: place.y, behavior: "instant" });
    scrollBy({ top: shiftOf(place), behavior: "instant" });
  }
}

/** The reader is back: nothing will move any more. */
export function forgetPlace() {
  sessionStorage.removeItem(KEY);
  // Not sooner than that: the browser would scroll to its own idea of the place.
  requestAnimationFrame(() => (history.scrollRestoration = "auto"));
}
