// The filter above the table of Functions. What is chosen stands behind the # of the address, as in
// functions.html#second-order=failed, so that it can be linked to.
(() => {
  const form = document.querySelector(".function-filter");
  if (!form) return;
  const choices = [...form.querySelectorAll("select")]; // in the order of the columns
  const tables = [...document.querySelectorAll(".function-table")];
  const rows = tables.flatMap((table) => [...table.querySelectorAll("tbody tr:not(.of-page)")]);
  const count = form.querySelector("output");

  // A value names the classes of the cells that it lets pass.
  const passes = (row) =>
    choices.every(({ value }, column) =>
      !value || value.split(" ").some((state) => row.cells[column + 1].classList.contains(state)));

  const show = () => {
    for (const row of rows) row.hidden = !passes(row);
    for (const table of tables) {
      for (const group of table.tBodies) group.hidden = !group.querySelector("tr:not(.of-page):not([hidden])");
      table.hidden = [...table.tBodies].every((group) => group.hidden);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = form.dataset.count.replace("{shown}", shown).replace("{total}", rows.length);
  };

  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (!choices.some(({ name }) => wanted.has(name))) return; // the way to a place on this page, say
    for (const choice of choices) {
      choice.value = wanted.get(choice.name) ?? "";
      if (choice.selectedIndex < 0) choice.value = ""; // no such option
    }
    show();
  };

  const write = () => {
    const chosen = choices.filter(({ value }) => value).map(({ name, value }) => [name, value]);
    history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
  };

  form.addEventListener("change", () => { show(); write(); });
  form.addEventListener("reset", () => setTimeout(() => { show(); write(); })); // the values change after the event
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", read);
  read();
})();
