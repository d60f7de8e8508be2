// The search box: asks Pagefind, whose index is loaded when somebody searches for the first time.
(() => {
  const form = document.querySelector(".site-search");
  if (!form) return;
  if (location.protocol === "file:") { // browsers load no modules from files
    form.hidden = true;
    return;
  }
  const box = form.querySelector("input");
  const list = form.querySelector(".search-results");
  const status = form.querySelector(".search-status");
  const SHOWN = 8;
  let engine;
  let asked = 0;

  const load = () => {
    engine ??= import(new URL(form.dataset.engine, location.href)).then(async (pagefind) => {
      await pagefind.options({ excerptLength: 24 });
      await pagefind.init();
      return pagefind;
    });
    return engine;
  };

  // In the index every Han character is a word (search_index.py). A query that is Chinese only is
  // looked up as a phrase first, then as characters that may stand anywhere.
  const HAN = /(?<=\p{sc=Han})(?=\p{sc=Han})/gu;
  const HAN_GAP = /(?<=\p{sc=Han}(?:<\/mark>)?) (?=(?:<mark>)?\p{sc=Han})/gu;
  // Pagefind marks a word together with the space behind it.
  const join = (text) =>
    text.replaceAll(" </mark>", "</mark> ").replace(HAN_GAP, "").replaceAll("</mark><mark>", "");

  // Pagefind does not rank what it finds as a phrase: titles count most, then headings, then how often
  // and how densely a page speaks of it.
  const weigh = (page, phrase) =>
    100 * page.meta.title.includes(phrase) +
    20 * page.sub_results.some((section) => section.title.includes(phrase)) +
    3 * Math.min(page.locations.length, 10) +
    (100 * page.locations.length) / (page.word_count + 1000); // a short page is not denser by being short

  const lookUp = async (pagefind, query) => {
    const spaced = query.replace(HAN, " ");
    if (spaced !== query && /^[\p{sc=Han} ]+$/u.test(query)) {
      const { results } = await pagefind.search(`"${spaced}"`);
      const pages = await Promise.all(results.map((result) => result.data()));
      if (pages.length) return pages.sort((a, b) => weigh(b, spaced) - weigh(a, spaced)).slice(0, SHOWN);
    }
    const { results } = await pagefind.search(spaced);
    return Promise.all(results.slice(0, SHOWN).map((result) => result.data()));
  };

  const line = (result) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = result.url;
    const title = document.createElement("span");
    title.className = "search-title";
    title.textContent = join(result.title);
    const passage = document.createElement("span");
    passage.className = "search-passage";
    passage.innerHTML = join(result.excerpt); // escaped by Pagefind, which adds <mark>
    link.append(title, passage);
    item.append(link);
    return item;
  };

  // A page, then its section that fits best.
  const describe = (page) => {
    const [section] = [...page.sub_results].sort(
      (a, b) => b.weighted_locations.length - a.weighted_locations.length);
    const title = page.meta.title;
    if (!section || section.title === title) return { url: page.url, title, excerpt: page.excerpt };
    return { url: section.url, title: `${title} › ${section.title}`, excerpt: section.excerpt };
  };

  const search = async () => {
    const query = box.value.trim();
    const mine = ++asked;
    if (!query) return close();
    let results;
    try {
      results = await lookUp(await load(), query);
    } catch {
      status.textContent = form.dataset.failed;
      return;
    }
    if (mine !== asked) return; // something else was typed meanwhile
    list.replaceChildren(...results.map((page) => line(describe(page))));
    status.textContent = results.length ? "" : form.dataset.none;
    list.hidden = !results.length;
  };

  const close = () => {
    list.replaceChildren();
    list.hidden = true;
    status.textContent = "";
  };

  const move = (step) => {
    const stops = [box, ...list.querySelectorAll("a")];
    const next = stops.indexOf(document.activeElement) + step;
    stops[(next + stops.length) % stops.length].focus();
  };

  let pause;
  box.addEventListener("focus", () => load().catch(() => {}), { once: true });
  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(search, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search().then(() => list.querySelector("a")?.focus());
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") { close(); box.focus(); }
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) close();
  });
})();
