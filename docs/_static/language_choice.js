// Remembers the language that the reader chose, for the page at the root of the site.
for (const link of document.querySelectorAll(".language-switch a")) {
  link.addEventListener("click", () => {
    try {
      localStorage.setItem("language", link.hreflang);
    } catch {
      // Without storage the browser's languages decide.
    }
  });
}
