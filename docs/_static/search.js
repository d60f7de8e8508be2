// The search boxes of a page. What answers them, docs/_static/search/, is loaded when somebody searches for
// the first time.
(() => {
  const SHOWN = 8;
  const FEW = 3;
  const PAUSE = 120; // milliseconds between two letters that belong together

  const element = (name, className, ...content) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...content);
    return made;
  };

  class SearchBox {
    constructor(form) {
      this.form = form;
      this.words = form.dataset;
      this.input = form.querySelector("input");
      this.list = form.querySelector(".search-results");
      this.status = form.querySelector(".search-status");
      this.asked = 0;
      this.input.addEventListener("focus", () => this.load().then(({ ready }) => ready()).catch(() => {}), { once: true });
      this.input.addEventListener("input", () => {
        clearTimeout(this.pause);
        this.pause = setTimeout(() => this.search(), PAUSE);
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        clearTimeout(this.pause);
        this.search().then(() => this.list.querySelector("a")?.focus());
      });
      form.addEventListener("keydown", (event) => this.move(event));
      document.addEventListener("click", (event) => {
        if (!form.contains(event.target)) this.close();
      });
    }

    load() {
      return import(new URL(this.words.engine, location.href));
    }

    async search() {
      const query = this.input.value.trim();
      const mine = ++this.asked;
      if (!query) return this.close();
      let results;
      try {
        results = await (await this.load()).search(query, SHOWN);
      } catch {
        this.close();
        this.status.textContent = this.words.failed;
        return;
      }
      if (mine === this.asked) this.show(results); // else something else was typed meanwhile
    }

    show(results) {
      const doubtful = !results.length || results[0].weak;
      this.status.textContent = results.length ? (doubtful ? this.words.doubtful : "") : this.words.none;
      const shown = doubtful ? results.slice(0, FEW) : results; // so that the way on is in sight
      this.list.replaceChildren(...shown.map((result) => this.line(result)));
      if (doubtful && this.words.symptoms) this.list.append(this.wayOn());
      this.list.hidden = !this.list.children.length;
    }

    line({ url, title, passage, weak }) {
      const pieces = passage.map(([text, marked]) => (marked ? element("mark", "", text) : text));
      const heading = element("span", "search-title", title);
      if (weak) heading.append(" ", element("span", "search-weak", this.words.weak));
      return this.item(url, heading, element("span", "search-passage", ...pieces));
    }

    wayOn() {
      return this.item(this.words.symptoms, element("span", "search-title", this.words.wayOn));
    }

    item(url, ...content) {
      const link = element("a", "", ...content);
      link.href = url;
      return element("li", "", link);
    }

    close() {
      this.asked++;
      this.list.replaceChildren();
      this.list.hidden = true;
      this.status.textContent = "";
    }

    move(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        const stops = [this.input, ...this.list.querySelectorAll("a")];
        const next = stops.indexOf(document.activeElement) + step;
        stops[(next + stops.length) % stops.length].focus();
      } else if (event.key === "Escape") {
        this.close();
        this.input.focus();
      } else return;
      event.preventDefault();
    }
  }

  const forms = [...document.querySelectorAll("form.site-search")];
  if (location.protocol === "file:") { // browsers load no modules from files
    for (const form of forms) form.hidden = true;
    return;
  }
  const boxes = forms.map((form) => new SearchBox(form));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || !boxes.length || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    boxes[0].input.focus();
  });
})();
