// Backward graphs: a node under the pointer or in focus says what it is and lights the paths through it.
// The dialog of the full-size view (graph_viewer.js) uses the same function for its copy.
globalThis.explainGraph = (svg, note) => {
  const nodes = new Map([...svg.querySelectorAll(".node")].map((node) => [node.dataset.node, node]));
  const edges = [...svg.querySelectorAll(".edge")];
  const hint = note.textContent;

  // All nodes on the paths that lead to `start` (`back`) or away from it.
  const reach = (start, back) => {
    const found = new Set([start]);
    for (const number of found) { // a Set hands out what is added while it is walked
      for (const { dataset } of edges) {
        if ((back ? dataset.head : dataset.tail) === number) found.add(back ? dataset.tail : dataset.head);
      }
    }
    return found;
  };

  const light = (node) => {
    const number = node?.dataset.node;
    const above = node ? reach(number, true) : new Set();
    const below = node ? reach(number, false) : new Set();
    svg.classList.toggle("explained", Boolean(node));
    for (const [key, other] of nodes) other.classList.toggle("lit", above.has(key) || below.has(key));
    for (const edge of edges) {
      const { tail, head } = edge.dataset;
      edge.classList.toggle("lit", (above.has(tail) && above.has(head)) || (below.has(tail) && below.has(head)));
    }
    note.textContent = node ? node.dataset.about : hint;
  };

  const centre = (node) => {
    const box = node.getBBox();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };

  // The nearest node in the direction of an arrow key; what lies straight ahead counts as nearer.
  const neighbour = (from, key) => {
    const here = centre(from);
    const distance = (node) => {
      const there = centre(node);
      const [dx, dy] = [there.x - here.x, there.y - here.y];
      const [along, across] =
        { ArrowDown: [dy, dx], ArrowUp: [-dy, dx], ArrowRight: [dx, dy], ArrowLeft: [-dx, dy] }[key];
      return along > 1 ? along + 2 * Math.abs(across) : Infinity;
    };
    const [next] = [...nodes.values()].sort((a, b) => distance(a) - distance(b));
    return next && distance(next) < Infinity ? next : from;
  };

  const focus = (node) => {
    for (const other of nodes.values()) other.tabIndex = other === node ? 0 : -1;
    node.focus();
  };

  svg.setAttribute("role", "group"); // a picture hides its parts, and these can be stepped through
  for (const node of nodes.values()) {
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", node.dataset.about);
    node.tabIndex = node === nodes.values().next().value ? 0 : -1;
    node.addEventListener("pointerenter", () => light(node));
    node.addEventListener("pointerleave", () => light(svg.contains(document.activeElement) ? document.activeElement : null));
    node.addEventListener("focus", () => light(node));
    node.addEventListener("blur", () => light(null));
    node.addEventListener("click", () => focus(node));
    node.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      focus(neighbour(node, event.key));
    });
  }
};

for (const figure of document.querySelectorAll(".autograd-graph")) {
  explainGraph(figure.querySelector(".graph-scroll svg"), figure.querySelector("figcaption .graph-about"));
}
