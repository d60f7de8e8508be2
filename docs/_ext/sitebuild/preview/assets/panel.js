// Shows in a corner of the page what the builds do, and over the page what they complain about.

const WORDS = {
  building: "Building …",
  failed: "The build failed. What you see is the last site that was built.",
  gone: "make live has ended.",
  sideBySide: "Side by side",
};

function make(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

/** A panel in the page, in a tree of its own: neither style changes the other. */
export class Panel {
  #root;

  constructor() {
    const host = document.createElement("live-panel");
    this.#root = host.attachShadow({ mode: "open" });
    document.documentElement.append(host);
  }

  /** Show a state of the builds, null if nobody knows it; `sideBySide` is an address to offer. */
  show(state, sideBySide = null) {
    const parts = [make("link", "", { rel: "stylesheet", href: "/live/panel.css" })];
    const corner = make("div", "", { className: "corner", role: "status" });
    if (state === null) {
      corner.append(make("span", WORDS.gone));
    } else if (state.building) {
      corner.append(make("span", WORDS.building));
    }
    if (sideBySide !== null) {
      corner.append(make("a", WORDS.sideBySide, { href: sideBySide }));
    }
    if (state?.error) {
      const details = make("details", "", { className: "error", open: true, role: "alert" });
      details.append(make("summary", WORDS.failed), make("pre", state.error, { tabIndex: 0 }));
      parts.push(details);
    }
    this.#root.replaceChildren(...parts, corner);
  }
}
