// The same page in all languages, one beside the other: they scroll together, and a link in one of them turns all.

import { followBuilds } from "./builds.js";
import { Panel } from "./panel.js";
import { placeIn, scrollToPlace } from "./scrolling.js";

const panel = new Panel();
const frames = new Map(); // by language
let state = null;
let page = new URLSearchParams(location.search).get("page") ?? "index.html";

/** The page in a frame without its language; null if it is none of the site. */
function pageOf(frame) {
  try {
    const { pathname, hash } = frame.contentWindow.location;
    const [, language, name] = /^\/([^/]+)\/(.*)$/.exec(pathname) ?? [];
    return frames.has(language) ? name + hash : null;
  } catch {
    return null; // another host
  }
}

function turnOthers(leader) {
  const name = pageOf(leader);
  if (name === null || name === page) {
    return;
  }
  page = name;
  history.replaceState(null, "", `?page=${encodeURIComponent(page)}`);
  for (const [language, frame] of frames) {
    if (frame !== leader) {
      frame.contentWindow.location.replace(`/${language}/${page}`);
    }
  }
}

function scrollOthers(leader) {
  // What moves because another one did leads nobody.
  if (Math.abs(leader.contentWindow.scrollY - leader.sentTo) < 2) {
    return;
  }
  const place = placeIn(leader.contentWindow);
  for (const frame of frames.values()) {
    if (frame !== leader && pageOf(frame) !== null) {
      scrollToPlace(frame.contentWindow, place);
      frame.sentTo = frame.contentWindow.scrollY;
    }
  }
}

function add(language) {
  const frame = document.createElement("iframe");
  frame.title = language;
  frame.src = `/${language}/${page}`;
  frame.addEventListener("load", () => {
    turnOthers(frame);
    if (pageOf(frame) !== null) {
      frame.sentTo = frame.contentWindow.scrollY;
      frame.contentWindow.addEventListener("scroll", () => scrollOthers(frame), { passive: true });
      frame.contentWindow.postMessage(state, location.origin);
    }
  });
  frames.set(language, frame);
  document.body.append(frame);
}

followBuilds((news) => {
  state = news;
  panel.show(state);
  if (frames.size === 0) {
    state?.languages.forEach(add);
  }
  for (const frame of frames.values()) {
    if (pageOf(frame) !== null) {
      frame.contentWindow.postMessage(state, location.origin);
    }
  }
});
