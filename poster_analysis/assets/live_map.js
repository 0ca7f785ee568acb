// A map in a notebook. This text follows the constants BODY and STYLE and the text of map.js, which make one module with it.

/* What the kernel packed: JSON, deflated. */
const unpacked = (packed) => new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).json();

/* Whether what lies behind an element is dark: as JupyterLab says, or by the first colour behind it. */
const isDark = (element) => {
  const light = document.body.dataset.jpThemeLight;
  if (light) return light === "false";
  for (let at = element; at; at = at.parentElement) {
    const [red, green, blue, opacity = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    if (opacity > 0.5) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
  }
  return false;
};

const render = ({ model, el }) => {
  const ended = new AbortController(), { signal } = ended, addresses = [];

  // a root of its own: no style and no id of the notebook meets one of the map
  const host = document.createElement("div"), root = host.attachShadow({ mode: "open" }), frame = document.createElement("div");
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];
  frame.className = "map";
  frame.append(...new DOMParser().parseFromString(BODY, "text/html").body.childNodes);
  root.append(frame);
  host.className = "poster-map";
  el.style.width = "100%";
  el.replaceChildren(host);

  // keys belong to the map while it has the focus: "d d" in its search must not delete a cell
  host.dataset.lmSuppressShortcuts = "true";
  for (const kind of ["keydown", "keypress", "keyup"]) host.addEventListener(kind, (event) => event.stopPropagation());

  // with the Shift key down JupyterLab would select cells where a line is drawn; the map itself listens to pointers
  window.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.composedPath().includes(host)) event.stopPropagation();
  }, { capture: true, signal });

  const on = (name, act) => {
    model.on(`change:${name}`, act);
    signal.addEventListener("abort", () => model.off(`change:${name}`, act));
  };
  const setHeight = () => { host.style.height = `${model.get("height")}px`; };
  setHeight();
  on("height", setHeight);

  let ours = false; // whether this map itself is what changes the model
  const change = (name, value) => {
    if (JSON.stringify(model.get(name)) === JSON.stringify(value)) return;
    ours = true;
    try { model.set(name, value); } finally { ours = false; }
    model.save_changes();
  };

  const start = async () => {
    const [data, columns] = await Promise.all([unpacked(model.get("_data")), unpacked(model.get("_columns"))]);
    if (signal.aborted) return;
    data.columns = columns;
    data.sheets = model.get("_sheets").map((sheet) => URL.createObjectURL(new Blob([sheet], { type: "image/jpeg" })));
    addresses.push(...data.sheets);
    host.dataset.theme = isDark(el) ? "dark" : "light";

    let warned = false;
    const map = drawPosterMap(root, data, {
      signal,
      went: (id) => change("chosen", id),
      left: () => change("chosen", ""),
      listed: (ids) => change("selection", ids),
      coloured: (name) => change("color", name),
      placed: (names) => change("axes", names),
      wheel: (event) => { // a notebook is scrolled through: the map takes the wheel from whom has clicked it
        const taken = event.ctrlKey || event.metaKey || root.activeElement !== null;
        if (!taken && !warned) map.say("Click the map first, or hold Ctrl, to zoom with the wheel", true);
        warned = warned || !taken;
        return taken;
      },
    });

    const setTheme = () => {
      const theme = isDark(el) ? "dark" : "light";
      if (host.dataset.theme === theme) return;
      host.dataset.theme = theme;
      map.readTheme();
    };
    const watched = new MutationObserver(() => requestAnimationFrame(setTheme));
    for (const element of [document.documentElement, document.body]) watched.observe(element, { attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", setTheme, { signal });
    signal.addEventListener("abort", () => watched.disconnect());

    let newest = 0;
    const takeColumns = async () => {
      const number = ++newest, arrived = await unpacked(model.get("_columns"));
      if (number !== newest || signal.aborted) return;
      map.setColumns(arrived);
      map.colour(model.get("color"));
    };
    on("_columns", takeColumns);
    const take = { // what the kernel sets
      color: () => map.colour(model.get("color")),
      axes: () => map.place(model.get("axes")),
      visible: () => map.setVisible(model.get("visible")),
      selection: () => map.setList(model.get("selection")),
      chosen: () => map.show(model.get("chosen")),
    };
    for (const [name, act] of Object.entries(take)) on(name, () => { if (!ours) act(); });
    take.color();
    if (model.get("axes").length) take.axes();
    if (model.get("visible").length) take.visible();
    if (model.get("selection").length) take.selection();
    if (model.get("chosen")) take.chosen();
    map.draw();
    host.dataset.drawn = "true";
  };
  const sized = new ResizeObserver(() => { // begins when the notebook has given it a place
    if (!host.clientWidth) return;
    sized.disconnect();
    start();
  });
  sized.observe(host);

  return () => {
    ended.abort();
    sized.disconnect();
    addresses.forEach((address) => URL.revokeObjectURL(address));
  };
};

export default { render };
