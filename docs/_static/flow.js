// Backward as steps on the drawing. The steps are the rows of the table below it, which is all there is without this.
(() => {
  const PACE = 2600; // milliseconds for a step; a long sentence gets more
  const SVG = "http://www.w3.org/2000/svg";

  const numbers = (text) => (text ? text.split(" ") : []);
  const element = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // Letters beside the edge, inside the part of the page that the drawing may use, and clear of other letters.
  const place = (svg, edge, text, others) => {
    const path = edge.querySelector("path");
    const middle = path.getPointAtLength(path.getTotalLength() / 2);
    const label = element("g", { class: "flow-label" });
    const letters = element("text", { x: middle.x, y: middle.y + 4 });
    letters.textContent = text;
    label.append(letters);
    svg.append(label);
    const width = letters.getComputedTextLength() + 10;
    const scale = svg.getScreenCTM().a;
    const [frame, box] = [svg.parentElement.getBoundingClientRect(), svg.getBoundingClientRect()];
    const [least, most] = [(frame.left - box.left) / scale, (frame.right - box.left) / scale - width];
    const left = Math.max(Math.min(middle.x - width / 2, most), least);
    let top = middle.y - 9;
    const meets = ({ x, y, w }) => left < x + w && x < left + width && Math.abs(top - y) < 18;
    for (let other = others.find(meets); other; other = others.find(meets)) top = other.y + 18;
    others.push({ x: left, y: top, w: width });
    letters.setAttribute("x", left + width / 2);
    letters.setAttribute("y", top + 13);
    label.prepend(element("rect", { x: left, y: top, width, height: 18, rx: 9 }));
  };

  const start = (flow) => {
    const player = flow.querySelector(".flow-player");
    const svg = flow.querySelector(".graph-scroll svg");
    const rows = [...flow.querySelectorAll(".flow-table tr")].filter((row) => row.cells.length === 2);
    const nodes = new Map([...svg.querySelectorAll(".node")].map((node) => [node.dataset.node, node]));
    const edges = [...svg.querySelectorAll(".edge")];
    const slider = player.querySelector("input");
    const words = player.querySelector(".flow-words");
    const hint = words.textContent;
    const play = player.querySelector("[data-do=play]");
    const labels = { play: play.title, pause: player.dataset.pause };
    const shapes = { play: play.querySelector("path").getAttribute("d"), pause: "M7 5h4v14H7zM13 5h4v14h-4z" };
    const firstSeen = new Map(); // nodes that a step adds, with its position
    rows.forEach((row, index) => numbers(row.dataset.adds).forEach((number) => firstSeen.set(number, index + 1)));

    let position = 0;
    let timer = 0;

    const flowingEdges = (row) =>
      [...row.querySelectorAll("[data-edge]")].flatMap(({ dataset, textContent }) => {
        const [tail, head] = dataset.edge.split(">");
        return edges
          .filter((edge) => edge.dataset.head === head && (!tail || edge.dataset.tail === tail))
          .map((edge) => [edge, textContent]);
      });

    const show = (next) => {
      position = Math.min(Math.max(next, 0), rows.length);
      const row = rows[position - 1];
      const marks = { running: numbers(row?.dataset.nodes), read: numbers(row?.dataset.reads), added: numbers(row?.dataset.adds) };
      const later = (number) => position > 0 && (firstSeen.get(number) ?? 0) > position;
      for (const [number, node] of nodes) {
        for (const [mark, marked] of Object.entries(marks)) node.classList.toggle(`flow-${mark}`, marked.includes(number));
        node.classList.toggle("flow-later", later(number));
      }
      svg.querySelectorAll(".flow-label").forEach((label) => label.remove());
      const carried = new Map();
      for (const [edge, text] of row ? flowingEdges(row) : []) {
        carried.set(edge, carried.has(edge) ? `${carried.get(edge)}, ${text}` : text);
      }
      for (const edge of edges) {
        edge.classList.toggle("flow-carries", carried.has(edge));
        edge.classList.toggle("flow-later", later(edge.dataset.tail) || later(edge.dataset.head));
      }
      const placed = [];
      for (const [edge, text] of carried) place(svg, edge, text, placed);
      rows.forEach((other) => other.classList.toggle("flow-now", other === row));
      flow.classList.toggle("flow-on", position > 0);
      slider.value = position;
      player.querySelector("output").textContent = `${position} / ${rows.length}`;
      slider.setAttribute("aria-valuetext", `${position} / ${rows.length}`);
      words.textContent = row ? row.cells[1].textContent : hint;
    };

    const say = (state) => {
      play.title = labels[state];
      play.setAttribute("aria-label", labels[state]);
      play.querySelector("path").setAttribute("d", shapes[state]);
    };
    const stop = () => {
      clearTimeout(timer);
      timer = 0;
      say("play");
    };
    const go = () => {
      show(position + 1);
      if (position === rows.length) return stop();
      timer = setTimeout(go, PACE + 12 * words.textContent.length);
    };
    const actions = {
      back: () => (stop(), show(position - 1)),
      next: () => (stop(), show(position + 1)),
      play: () => {
        if (timer) return stop();
        say("pause");
        if (position === rows.length) show(0);
        go();
      },
    };
    for (const button of player.querySelectorAll("[data-do]")) button.addEventListener("click", actions[button.dataset.do]);
    slider.addEventListener("input", () => (stop(), show(Number(slider.value))));
    rows.forEach((row, index) => row.addEventListener("click", () => (stop(), show(index + 1))));
  };

  document.querySelectorAll(".gradient-flow").forEach((flow) => flow.querySelector(".flow-player") && start(flow));
})();
