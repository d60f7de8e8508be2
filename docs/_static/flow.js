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

  const overlap = (a, b) =>
    Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
    Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

  // Write on an edge what it carries: on that side of it, and at that height, where least is covered.
  const write = (svg, edge, text, taken) => {
    const label = element("g", { class: "flow-label" });
    const letters = element("text", {});
    letters.textContent = text;
    label.append(letters);
    svg.append(label);
    const size = { width: letters.getComputedTextLength() + 10, height: 16 };
    const scale = svg.getScreenCTM().a;
    const [frame, drawing] = [svg.parentElement.getBoundingClientRect(), svg.getBoundingClientRect()];
    const [least, most] = [(frame.left - drawing.left) / scale, (frame.right - drawing.left) / scale - size.width];
    const path = edge.querySelector("path");
    const spots = [0.5, 0.3, 0.7, 0.1, 0.9].flatMap((share, order) => {
      const { x, y } = path.getPointAtLength(path.getTotalLength() * share);
      return [x + 6, x - 6 - size.width, x - size.width / 2].map((left, side) => {
        const box = { ...size, x: Math.max(Math.min(left, most), least), y: y - size.height / 2 };
        const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
        return { box, cost: covered + 8 * order + 30 * (side === 2) + Math.abs(box.x - left) };
      });
    });
    const { box } = spots.reduce((best, spot) => (spot.cost < best.cost ? spot : best));
    taken.push(box);
    letters.setAttribute("x", box.x + box.width / 2);
    letters.setAttribute("y", box.y + 12);
    label.prepend(element("rect", { ...box, rx: 8 }));
  };

  const start = (flow) => {
    const player = flow.querySelector(".flow-player");
    const svg = flow.querySelector(".graph-scroll svg");
    const rows = [...flow.querySelectorAll(".flow-table tr")].filter((row) => row.cells.length === 2);
    const nodes = new Map([...svg.querySelectorAll(".node")].map((node) => [node.dataset.node, node]));
    const edges = [...svg.querySelectorAll(".edge")];
    const slider = player.querySelector("input");
    const words = player.querySelector(".flow-words");
    const pass = player.querySelector(".flow-pass");
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
      const { nodes: running, reads: read, adds: added, misses: missed } = row?.dataset ?? {};
      const marks = { running, read, added, missed };
      const later = (number) => position > 0 && (firstSeen.get(number) ?? 0) > position;
      for (const [number, node] of nodes) {
        for (const mark in marks) node.classList.toggle(`flow-${mark}`, numbers(marks[mark]).includes(number));
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
      const taken = [...nodes.values()].map((node) => node.getBBox());
      for (const [edge, text] of carried) write(svg, edge, text, taken);
      rows.forEach((other) => other.classList.toggle("flow-now", other === row));
      flow.classList.toggle("flow-on", position > 0);
      slider.value = position;
      player.querySelector("output").textContent = `${position} / ${rows.length}`;
      slider.setAttribute("aria-valuetext", `${position} / ${rows.length}`);
      const title = row?.parentElement.rows[0].textContent ?? "";
      if (pass.textContent !== title) pass.textContent = title;
      words.replaceChildren(...(row ? row.cells[1].cloneNode(true).childNodes : [hint]));
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
