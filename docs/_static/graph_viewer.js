// A graph in full size: zoom and pan by mouse, touch and keyboard. The view is the viewBox of the drawing.
(() => {
  const STEP = 1.3; // one press of a zoom key
  const DEEPEST = 12;

  const open = (figure) => {
    const dialog = figure.querySelector(".graph-viewer");
    const stage = dialog.querySelector(".graph-stage");
    const drawing = figure.querySelector(".graph-scroll svg");
    const copy = drawing.cloneNode(true);
    const whole = drawing.viewBox.baseVal;
    copy.removeAttribute("width");
    copy.removeAttribute("height");
    copy.removeAttribute("aria-labelledby"); // its title has the id of the first drawing's
    copy.querySelectorAll(":scope > title, :scope > desc").forEach((element) => element.remove());
    copy.setAttribute("aria-label", drawing.querySelector("title").textContent);
    stage.replaceChildren(copy);
    const note = dialog.querySelector(".graph-about");
    note.textContent = figure.querySelector("figcaption .graph-about").textContent;
    explainGraph(copy, note);

    let view; // x, y: corner in units of the drawing; zoom: 1 shows all of it
    const show = (next) => {
      view = next;
      copy.setAttribute("viewBox", [view.x, view.y, whole.width / view.zoom, whole.height / view.zoom].join(" "));
    };
    const fit = () => show({ x: 0, y: 0, zoom: 1 });
    // Units of the drawing in one pixel, at the present zoom.
    const unit = () => 1 / copy.getScreenCTM().a;
    const pan = (dx, dy) => show({ ...view, x: view.x - dx * unit(), y: view.y - dy * unit() });
    const zoomBy = (factor, clientX, clientY) => {
      const box = stage.getBoundingClientRect();
      const place = new DOMPoint(clientX ?? box.x + box.width / 2, clientY ?? box.y + box.height / 2);
      const before = place.matrixTransform(copy.getScreenCTM().inverse());
      show({ ...view, zoom: Math.min(DEEPEST, Math.max(0.5, view.zoom * factor)) });
      const after = place.matrixTransform(copy.getScreenCTM().inverse());
      show({ ...view, x: view.x + before.x - after.x, y: view.y + before.y - after.y }); // the place stays put
    };

    const fingers = new Map();
    const spread = () => {
      const [a, b] = [...fingers.values()];
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, size: Math.hypot(a.x - b.x, a.y - b.y) };
    };
    stage.onpointerdown = (event) => fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    stage.onpointermove = (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      // Captured only now: a press that does not move is a click on a node.
      stage.setPointerCapture(event.pointerId);
      const now = { x: event.clientX, y: event.clientY };
      if (fingers.size === 1) pan(now.x - last.x, now.y - last.y);
      const before = fingers.size === 2 ? spread() : null;
      fingers.set(event.pointerId, now);
      if (!before) return;
      const after = spread();
      pan(after.x - before.x, after.y - before.y);
      zoomBy(after.size / before.size, after.x, after.y);
    };
    stage.onpointerup = stage.onpointercancel = (event) => fingers.delete(event.pointerId);
    stage.onwheel = (event) => {
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    };

    const actions = { in: () => zoomBy(STEP), out: () => zoomBy(1 / STEP), fit, close: () => dialog.close() };
    for (const button of dialog.querySelectorAll("[data-do]")) button.onclick = actions[button.dataset.do];
    dialog.onkeydown = (event) => {
      const far = 60;
      const keys = {
        "+": actions.in, "=": actions.in, "-": actions.out, "0": fit,
        ArrowLeft: () => pan(far, 0), ArrowRight: () => pan(-far, 0),
        ArrowUp: () => pan(0, far), ArrowDown: () => pan(0, -far),
      };
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    };
    dialog.onclose = () => figure.querySelector(".graph-enlarge").focus();
    dialog.showModal();
    fit();
  };

  for (const figure of document.querySelectorAll(".autograd-graph")) {
    figure.querySelector(".graph-enlarge").addEventListener("click", () => open(figure));
  }
})();
