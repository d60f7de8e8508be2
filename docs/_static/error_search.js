// The large search box of the home page: what is typed there goes on in the box at the top, which answers.
(() => {
  const [top, large] = document.querySelectorAll(".site-search");
  if (!large) return;
  large.hidden = location.protocol === "file:"; // as the other one
  const forward = (event) => {
    event.preventDefault();
    const [from, to] = [large, top].map((form) => form.querySelector("input"));
    to.value = from.value;
    to.focus();
    to.dispatchEvent(new Event("input", { bubbles: true }));
  };
  large.addEventListener("input", forward);
  large.addEventListener("submit", forward);
})();
