// Pointer, touch, wheel and keys on the canvas and its divider.

// A press that moves less is a click.
const CLICK = 4;
const PAN = 60;
const STEP = 0.01;

export function listenTo(stage, viewer, { onPixel, follow }) {
  const canvas = stage.querySelector("canvas");
  const divider = stage.querySelector("[role=slider]");
  const pressed = new Map();
  let action;
  let moved = 0;

  const share = ({ clientX }) => {
    const box = canvas.getBoundingClientRect();
    return (clientX - box.left) / box.width;
  };
  const span = () => {
    const [a, b] = [...pressed.values()];
    const middle = [(a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2];
    return { middle, distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1 };
  };

  function start(event, kind) {
    if (event.button > 0) return;
    pressed.set(event.pointerId, event);
    event.currentTarget.setPointerCapture(event.pointerId);
    action = pressed.size > 1 ? "pinch" : kind;
    moved = pressed.size > 1 ? Infinity : 0;
    onPixel([event.clientX, event.clientY]);
  }

  function move(event) {
    const before = pressed.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "mouse") return;
      if (follow.checked) viewer.split = share(event);
      return onPixel([event.clientX, event.clientY]);
    }
    if (action === "pinch" && pressed.size === 2) {
      const old = span();
      pressed.set(event.pointerId, event);
      const now = span();
      viewer.pan(now.middle[0] - old.middle[0], now.middle[1] - old.middle[1]);
      return viewer.zoom(now.distance / old.distance, now.middle);
    }
    pressed.set(event.pointerId, event);
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    moved += Math.hypot(dx, dy);
    // A finger on an image that fits has nothing to pan.
    const slides = action === "divider" || (event.pointerType !== "mouse" && viewer.fitted);
    if (slides) viewer.split = share(event);
    else if (moved > CLICK) viewer.pan(dx, dy);
    onPixel([event.clientX, event.clientY]);
  }

  function end(event) {
    if (!pressed.delete(event.pointerId) || event.type === "pointercancel") return;
    if (moved <= CLICK && action === "pan") {
      if (event.pointerType === "mouse") follow.checked = !follow.checked;
      viewer.split = share(event);
    }
    if (action === "divider" && moved > CLICK) follow.checked = false;
    if (pressed.size === 1) action = "pan";
  }

  for (const [element, kind] of [[canvas, "pan"], [divider, "divider"]]) {
    element.addEventListener("pointerdown", (event) => start(event, kind));
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  }
  canvas.addEventListener("dblclick", ({ clientX, clientY }) => {
    if (viewer.fitted) viewer.zoomTo(Math.max(1, 4 * viewer.scale), [clientX, clientY]);
    else viewer.fit();
  });
  stage.addEventListener("wheel", (event) => {
    if (!viewer.info) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    // Browsers report a pinch on a trackpad as wheel with Control, in smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    viewer.zoom(Math.exp(-event.deltaY * lines * speed), [event.clientX, event.clientY]);
  }, { passive: false });

  divider.addEventListener("keydown", (event) => {
    const by = (event.shiftKey ? 10 : 1) * STEP;
    const keys = {
      ArrowLeft: viewer.split - by, ArrowDown: viewer.split - by,
      ArrowRight: viewer.split + by, ArrowUp: viewer.split + by,
      PageDown: viewer.split - 10 * STEP, PageUp: viewer.split + 10 * STEP, Home: 0, End: 1,
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    follow.checked = false;
    viewer.split = keys[event.key];
  });
  canvas.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    if (!viewer.info || !ways[event.key]) return;
    event.preventDefault();
    viewer.pan(...ways[event.key]);
  });
  addEventListener("keydown", (event) => {
    const { target } = event;
    const types = target.tagName === "SELECT" || target.type === "number";
    if (event.ctrlKey || event.metaKey || event.altKey || types) return;
    const keys = {
      "+": () => viewer.zoom(2), "=": () => viewer.zoom(2), "-": () => viewer.zoom(0.5),
      0: () => viewer.fit(), 1: () => viewer.zoomTo(1),
    };
    if (!viewer.info || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}
