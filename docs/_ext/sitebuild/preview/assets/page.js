// Added to each page by `make live`: shows what the builds do and loads the page anew after one.

import { followBuilds } from "./builds.js";
import { Panel } from "./panel.js";
import { forgetPlace, reload, returnToPlace } from "./place.js";

const built = new URL(import.meta.url).searchParams.get("built"); // the build that this page is from

function sideBySideOf(languages) {
  const [, language, page] = /^\/([^/]+)\/(.*)$/.exec(location.pathname) ?? [];
  return languages.length > 1 && languages.includes(language) ? `/live/side-by-side?page=${page}` : null;
}

function reloadIfOld(state) {
  if (state !== null && state.built !== built) {
    reload();
  }
}

async function returnAfterFonts() {
  await document.fonts.ready; // they move what is below them
  returnToPlace();
  forgetPlace();
}

returnToPlace();
addEventListener("load", returnAfterFonts);

if (window === top) {
  const panel = new Panel();
  let languages = [];
  followBuilds((state) => {
    languages = state?.languages ?? languages;
    panel.show(state, sideBySideOf(languages));
    reloadIfOld(state);
  });
} else {
  // Side by side with another language: the page around both tells what it hears.
  addEventListener("message", (event) => {
    if (event.origin === location.origin) {
      reloadIfOld(event.data);
    }
  });
}
