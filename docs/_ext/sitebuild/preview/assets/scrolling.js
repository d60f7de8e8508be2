// Where a reader is in a page, in words that hold for its translation: between which two sections, and how far.

/** Heights of the tops of all sections, which have the same names in all languages, and of the page's end. */
function marksOf(view) {
  const sections = view.document.querySelectorAll("[role=main] section[id]");
  const tops = [...sections].map((section) => section.getBoundingClientRect().top + view.scrollY);
  return [0, ...tops, view.document.documentElement.scrollHeight];
}

/** Before which of the marks the top of the window is, and which part of the way to it is done. */
export function placeIn(view) {
  const marks = marksOf(view);
  const next = Math.max(
    marks.findIndex((mark) => mark > view.scrollY),
    1,
  );
  return { next, part: (view.scrollY - marks[next - 1]) / (marks[next] - marks[next - 1] || 1) };
}

/** Scroll to such a place. */
export function scrollToPlace(view, { next, part }) {
  const marks = marksOf(view);
  const end = marks[next] ?? marks.at(-1);
  const start = marks[next - 1] ?? end;
  view.scrollTo({ top: start + part * (end - start), behavior: "instant" });
}
