// A map of posters: points from afar, posters from near. Plain Canvas; every text is put in as text.
// One function draws it, for the page, which calls it at the end of this file, and for the widget of a notebook, whose
// module begins with this file.

/*
 * Draw a map and let it be walked through.
 *
 * root: the document, or a shadow root, that holds the elements of map.html.
 * data: what is shown, as `map_data` of poster_analysis.figures.map makes it.
 * hooks: what is called when something happens, and two facts; each of them may be missing:
 *   named(title)     another film, or none (""), is what the map is about now
 *   went(id)         a film was chosen
 *   left(forward)    no film is chosen any more; forward, if something else took its place
 *   listed(ids)      the list of films is another one
 *   coloured(name)   a reader chose a column to colour by
 *   placed(names)    a reader chose what posters are placed by: two names of axes, or none for the map
 *   pages            what gives the address of a film's own page by its id, as the get of a Map does
 *   wheel(event)     whether the wheel belongs to the map
 *   signal           an AbortSignal that ends what listens outside of root
 *
 * Returns what changes the map from outside: show(id), setList(ids), colour(name), place(names), setColumns(columns), setVisible(ids),
 * readTheme(), say(text).
 */
const drawPosterMap = (root, data, hooks) => {
  "use strict";

  const get = (id) => root.getElementById(id);
  const make = (name, className = "", text = "") => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };
  const host = root.host ?? document.documentElement; // the element whose colours are the map's
  const outside = { signal: hooks.signal }; // of what is listened to beyond the root

  // ---- what there is

  const n = data.ids.length;
  const pages = hooks.pages ?? new Map(); // of films that have a page of their own: on the site, not in a study's folder
  const xs = Float64Array.from(data.x), ys = Float64Array.from(data.y); // where posters are now; NaN for those that have no place
  const numberOf = new Map(data.ids.map((id, i) => [id, i]));
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const once = (get) => { let got; return () => (got ??= get()); }; // when it is first needed: of 100,000 posters it takes a while
  const foldedTitles = once(() => data.titles.map(fold));
  // "Moon, The (1990)" is found as "the moon" too
  const turnedTitles = once(() => foldedTitles().map((text) => text.replace(/^(.+), (the|an?|le|la|les|der|die|das|el|il)(?= \(|$)/, "$2 $1")));
  const SHAPES = ["circle", "square", "triangle"];
  const isNarrow = () => get("main").clientWidth <= 44 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const paged = matchMedia("print");
  const canvas = get("map"), context = canvas.getContext("2d");

  let width = 1, height = 1, dots = 1, fit = 1;
  const view = { x: 0.5, y: 0.5, scale: 0 };
  let column = null, styleOf = [], styles = [], only = null; // how posters are coloured
  let over = -1, chosen = -1, panelShows = "";
  let list = [], before = [], listAt = 0; // what is listed, what the last lasso replaced, how far the list is scrolled
  let listed = null; // the posters of the list while it is on show
  let visible = null; // the posters that are shown, if not all
  let lassoMode = false, line = null, flight = 0, frame = 0, byKeys = false;

  const name = (film = "") => hooks.named?.(film);
  name();
  get("title").textContent = data.title;
  get("about").textContent = data.about;

  let quiet = 0;
  /* Said to those who listen; shown as well, for some seconds, where nothing else can be seen to happen. */
  const say = (text, shown = false) => {
    clearTimeout(quiet);
    get("said").textContent = text;
    get("said").classList.toggle("shown", shown);
    if (shown) quiet = setTimeout(() => get("said").classList.remove("shown"), 4000);
  };
  const redraw = () => { frame = frame || requestAnimationFrame(draw); };
  const counted = (count) => `${count.toLocaleString("en")} poster${count === 1 ? "" : "s"}`;

  // ---- sheets of sprites, loaded when they are first needed

  const sheets = data.sheets.map(() => null);
  const sheet = (number) => {
    if (sheets[number]) return sheets[number].ready ? sheets[number].image : null;
    const image = new Image(), entry = { image, ready: false };
    sheets[number] = entry;
    image.src = data.sheets[number];
    // a bitmap stays decoded; an image would be decoded again whenever the browser has forgotten it
    image.decode().then(() => createImageBitmap(image).catch(() => image)).then((bitmap) => {
      Object.assign(entry, { image: bitmap, ready: true });
      redraw();
    }, () => {});
    return null;
  };

  const picture = (i, high, wide = 2 * high) => {
    const node = make("span", "picture");
    node.setAttribute("aria-hidden", "true");
    const [number, left, top, w, h] = data.sprites.slice(5 * i, 5 * i + 5);
    const size = number < 0 ? 1 : Math.min(high / h, wide / w);
    node.style.width = `${number < 0 ? (high * 2) / 3 : w * size}px`;
    node.style.height = `${number < 0 ? high : h * size}px`;
    if (number >= 0) {
      node.style.backgroundImage = `url("${data.sheets[number]}")`;
      node.style.backgroundSize = `${data.sheetWidth * size}px auto`;
      node.style.backgroundPosition = `${-left * size}px ${-top * size}px`;
    }
    return node;
  };

  // ---- colours

  const stamps = new Map();
  const stamp = (style, size) => {
    const key = `${style.colour} ${style.shape} ${size} ${dots}`;
    if (!stamps.has(key)) {
      const tile = make("canvas"), side = Math.ceil((size + 1) * dots), at = tile.getContext("2d");
      tile.width = tile.height = side;
      at.fillStyle = style.colour;
      const middle = side / 2, half = (size * dots) / 2;
      at.beginPath();
      if (style.shape === "square") at.rect(middle - 0.89 * half, middle - 0.89 * half, 1.78 * half, 1.78 * half);
      else if (style.shape === "triangle") {
        at.moveTo(middle, middle - half);
        at.lineTo(middle + half, middle + 0.8 * half);
        at.lineTo(middle - half, middle + 0.8 * half);
      } else at.arc(middle, middle, half, 0, 2 * Math.PI);
      at.fill();
      stamps.set(key, tile);
    }
    return stamps.get(key);
  };

  /* Numbers belong to the step of their scale in which they lie. */
  const withCodes = (columns) => {
    for (const one of columns) {
      if (one.codes) continue;
      const codes = once(() => one.numbers.map((value) => (value === null ? [] : [one.edges.filter((edge) => value >= edge).length])));
      Object.defineProperty(one, "codes", { get: codes, configurable: true, enumerable: true });
    }
    return columns;
  };
  withCodes(data.columns);

  const css = (name) => getComputedStyle(host).getPropertyValue(name).trim();
  let paper, ink, grey, accent, colours, rest;
  const readTheme = () => {
    [paper, ink, grey, accent] = ["--paper", "--ink", "--dot", "--accent"].map(css);
    colours = css("--colours").split(/\s+/);
    rest = { colour: grey, shape: "circle" };
    stamps.clear();
    masks.clear();
    if (column) colourBy(column);
    else styleOf = data.ids.map(() => rest);
    redraw();
  };

  const has = (i, code) => (code < 0 ? styleOf[i] === rest : column.codes[i].includes(code));
  const isPlaced = (i) => !Number.isNaN(xs[i]) && !Number.isNaN(ys[i]);
  const isShown = (i) => isPlaced(i) && (visible === null || visible.has(i));
  const isLit = (i) => only === null || has(i, only);
  const standsOut = (i) => isLit(i) && (listed === null || listed.has(i));
  const layers = () => (only === null && listed === null ? [true] : [false, true]); // what stands out is drawn last
  let alone = null; // the style of what is shown alone: a poster of two genres then has the colour of that one
  const lookOf = (i) => (!isLit(i) ? rest : alone ?? styleOf[i]);

  const colourBy = (chosenColumn) => {
    column = chosenColumn;
    const counts = column.values.map(() => 0);
    column.codes.forEach((codes, i) => { if (isShown(i)) for (const code of codes) counts[code] += 1; });
    const most = colours.length * SHAPES.length;
    const steps = column.scale ? css(`--${column.scale}`).split(/\s+/) : null; // of numbers, in their order
    const stepOf = (code) => steps[Math.round((code * (steps.length - 1)) / Math.max(1, column.values.length - 1))];
    const top = new Set(counts.map((_, code) => code).sort((a, b) => counts[b] - counts[a]).slice(0, most));
    styles = [];
    for (const code of column.values.keys()) {
      if (steps) styles.push({ code, colour: stepOf(code), shape: "circle" });
      if (steps || !top.has(code)) continue;
      const place = styles.length;
      styles.push({ code, colour: colours[place % colours.length], shape: SHAPES[Math.floor(place / colours.length)] });
    }
    const byCode = new Map(styles.map((style) => [style.code, style]));
    styleOf = column.codes.map((codes) => byCode.get(codes.find((code) => byCode.has(code))) ?? rest);
    const entries = styles.map((style) => [style.code, column.values[style.code], counts[style.code], style]);
    const others = styleOf.reduce((sum, style, i) => sum + (style === rest && isShown(i)), 0);
    if (others) entries.push([-1, steps ? "unknown" : "other or unknown", others, rest]);
    if (!entries.some(([code]) => code === only)) only = null;
    get("legend-title").textContent = column.name;
    get("entries").replaceChildren(...entries.map(([code, name, count, style]) => {
      const item = make("li"), button = make("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(code === only));
      const mark = make("i", style.shape);
      mark.style.background = style.colour;
      const label = make("span", "name", name);
      label.dir = "auto";
      label.title = name;
      button.append(mark, label, make("span", "count", count.toLocaleString("en")));
      button.addEventListener("click", () => {
        only = only === code ? null : code;
        for (const other of get("entries").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button && only !== null));
        say(only === null ? "All posters shown" : `${name}: ${counted(count)}`);
        redraw();
      });
      item.append(button);
      return item;
    }));
    redraw();
  };

  // ---- what posters are placed by: the map, or two axes

  const extent = [...data.extent]; // of what is shown, across and up
  let axes = null; // the axis across and that upwards, or none for the map
  const axesThereAre = () => [...(data.axes ?? []), ...data.columns.filter((one) => one.ticks)];
  const along = (axis, i) => (axis.numbers[i] === null ? NaN : (axis.numbers[i] - axis.low) / (axis.high - axis.low));
  const placePosters = (names) => {
    const found = names.map((name) => axesThereAre().find((one) => one.name === name));
    axes = names.length === 2 && found.every(Boolean) ? found : null;
    const tall = Math.min(1.5, Math.max(0.4, (height - 170) / Math.max(1, width - 140))); // as the window is
    for (let i = 0; i < n; i++) {
      xs[i] = axes ? along(axes[0], i) : data.x[i];
      ys[i] = axes ? 0.5 + (along(axes[1], i) - 0.5) * tall : data.y[i];
      if (!isPlaced(i)) xs[i] = ys[i] = NaN;
    }
    [extent[0], extent[1]] = axes ? [1, tall] : data.extent;
    const missing = data.ids.filter((_, i) => !isPlaced(i)).length;
    get("about").textContent = !axes ? data.about
      : `${counted(n - missing)} by ${axes[0].name} (to the right) and ${axes[1].name} (upwards).`
        + (missing ? ` ${counted(missing)} of which one of both is not known ${missing === 1 ? "is" : "are"} left out.` : "")
        + (axes.some((one) => one.whole) ? " Posters with the same whole number, such as a year, stand side by side within its step." : "");
    [get("across").value, get("up").value] = axes ? axes.map((one) => one.name) : ["", get("up").value];
    get("up").closest("label").hidden = !axes;
    width = 0; // so that all is fitted anew
    view.scale = 0;
    if (column) colourBy(column);
    resize();
  };
  const fillAxes = () => {
    const names = axesThereAre().map((one) => one.name), before = axes && axes.map((one) => one.name);
    const option = (value, text) => Object.assign(make("option", "", text), { value });
    get("across").replaceChildren(option("", "Map"), ...names.map((name) => option(name, name)));
    get("up").replaceChildren(...names.map((name) => option(name, name)));
    get("across").closest("label").hidden = names.length < 2;
    get("up").value = before?.[1] ?? names[1] ?? "";
    get("across").value = before?.[0] ?? "";
    if (before && !before.every((name) => names.includes(name))) placePosters([]);
  };
  const takeAxes = () => {
    const across = get("across").value;
    if (across && get("up").value === across) get("up").value = axesThereAre().find((one) => one.name !== across).name;
    const names = across ? [across, get("up").value] : [];
    if (chosen >= 0) closePanel({ focus: false });
    placePosters(names);
    hooks.placed?.(names);
    say(axes ? `Placed by ${names.join(" and ")}` : "Placed as a map");
  };

  /* Lines at round numbers below the posters, and their numbers along the edges of the window. */
  const ticksOf = (place) => axes[place].ticks.map((tick) => {
    const part = (tick - axes[place].low) / (axes[place].high - axes[place].low);
    return [tick.toLocaleString("en", { useGrouping: !axes[place].whole }), place ? toY(0.5 + (part - 0.5) * extent[1]) : toX(part)];
  });
  const drawGrid = () => {
    context.strokeStyle = ink;
    context.globalAlpha = 0.14;
    context.lineWidth = 1;
    context.beginPath();
    for (const [, x] of ticksOf(0)) { context.moveTo(Math.round(x) + 0.5, 0); context.lineTo(Math.round(x) + 0.5, height); }
    for (const [, y] of ticksOf(1)) { context.moveTo(0, Math.round(y) + 0.5); context.lineTo(width, Math.round(y) + 0.5); }
    context.stroke();
    context.globalAlpha = 1;
  };
  const drawLabels = () => {
    const about = get("about"), floor = height - (about.offsetHeight ? about.offsetHeight + 12 : 4);
    const write = (text, x, y, align, weight = 400) => {
      context.font = `${weight} 12px system-ui, sans-serif`;
      const wide = context.measureText(text).width, left = align === "center" ? x - wide / 2 : align === "right" ? x - wide : x;
      context.globalAlpha = 0.85;
      context.fillStyle = paper;
      context.fillRect(left - 3, y - 8, wide + 6, 16);
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.fillText(text, left, y + 0.5);
      return wide;
    };
    context.textAlign = "left";
    context.textBaseline = "middle";
    const edge = width - 8;
    const named = write(`${axes[0].name} →`, 10, floor - 10, "left", 600) + 16;
    for (const [text, x] of ticksOf(0)) if (x > named + 20 && x < width - 70) write(text, x, floor - 10, "center");
    write(`${axes[1].name} ↑`, edge, 14, "right", 600);
    for (const [text, y] of ticksOf(1)) if (y > 34 && y < floor - 130) write(text, edge, y, "right");
  };

  // ---- where things are on the screen

  const toX = (x) => width / 2 + (x - view.x) * view.scale;
  const toY = (y) => height / 2 - (y - view.y) * view.scale;
  const most = () => fit * Math.max(40, 2.5 * Math.sqrt(n));
  const highAtHome = () => Math.min(96, ((axes ? 0.7 * Math.sqrt(extent[1]) : 0.9) * fit) / Math.sqrt(n)); // so that none reaches out of the window
  const spriteHigh = () => Math.min(Math.max(2, highAtHome() * (view.scale / fit) ** 0.85), 2 * data.spriteHeight);
  const inView = (margin = 0) => {
    const found = [];
    for (let i = 0; i < n; i++) {
      if (!isShown(i)) continue;
      const x = toX(xs[i]), y = toY(ys[i]);
      if (x >= -margin && x <= width + margin && y >= -margin && y <= height + margin) found.push(i);
    }
    return found;
  };
  let asPosters = false, spriteSize = 2;
  const box = (i) => {
    const w = data.sprites[5 * i + 3], h = data.sprites[5 * i + 4], size = spriteSize / data.spriteHeight;
    return [w * size, h * size];
  };

  /* All posters at a place of the screen, the uppermost first; one look at each poster is quick enough. */
  const at = (px, py, reach = 12) => {
    const found = [];
    for (let i = n - 1; i >= 0; i--) {
      if (!isShown(i)) continue;
      const dx = Math.abs(toX(xs[i]) - px), dy = Math.abs(toY(ys[i]) - py);
      if (asPosters) {
        const [w, h] = box(i);
        if (dx <= w / 2 + 1 && dy <= h / 2 + 1) found.push([standsOut(i) ? 0 : 1, i === chosen ? 0 : 1, i]);
      } else if (dx < reach && dy < reach) found.push([standsOut(i) ? 0 : 1, dx * dx + dy * dy, i]);
    }
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return found.map((entry) => entry[2]);
  };
  const nearestToMiddle = () => {
    let best = -1, least = Infinity;
    for (let i = 0; i < n; i++) {
      if (!isLit(i) || !isShown(i)) continue;
      const distance = (xs[i] - view.x) ** 2 + (ys[i] - view.y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  };

  // ---- drawing

  /* Points are mixed into the pixels one by one: many times as fast as asking the canvas for each. */
  let pixels = null;
  const masks = new Map();
  const maskOf = (style, size) => {
    const key = `${style.colour} ${style.shape} ${size} ${dots}`;
    if (!masks.has(key)) {
      const tile = stamp(style, size), side = tile.width, covered = [];
      const values = tile.getContext("2d").getImageData(0, 0, side, side).data;
      for (let k = 0; k < side * side; k++) {
        if (values[4 * k + 3]) covered.push(k % side, Math.floor(k / side), values[4 * k + 3] / 255);
      }
      const rgb = [1, 3, 5].map((from) => parseInt(style.colour.slice(from, from + 2), 16));
      masks.set(key, { side, covered: Float32Array.from(covered), rgb });
    }
    return masks.get(key);
  };
  const drawPoint = (x, y, { side, covered, rgb: [red, green, blue] }, opacity) => {
    const { data: values, width: across, height: down } = pixels;
    const left = Math.round(x * dots - side / 2), top = Math.round(y * dots - side / 2);
    if (left < 0 || top < 0 || left + side > across || top + side > down) return;
    for (let k = 0; k < covered.length; k += 3) {
      const at = 4 * ((top + covered[k + 1]) * across + left + covered[k]), share = covered[k + 2] * opacity;
      values[at] += (red - values[at]) * share;
      values[at + 1] += (green - values[at + 1]) * share;
      values[at + 2] += (blue - values[at + 2]) * share;
    }
  };
  const drawPoints = (seen) => {
    const size = Math.min(9, Math.max(4, 130 / Math.sqrt(n)) * (view.scale / fit) ** 0.35);
    if (!pixels || pixels.width !== canvas.width || pixels.height !== canvas.height) {
      pixels = context.createImageData(canvas.width, canvas.height);
    }
    const words = new Uint32Array(pixels.data.buffer), [red, green, blue] = maskOf({ colour: paper, shape: "circle" }, 4).rgb;
    words.fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
    for (const out of layers()) {
      for (const i of seen) {
        if (standsOut(i) !== out) continue;
        drawPoint(toX(xs[i]), toY(ys[i]), maskOf(lookOf(i), Math.round(2 * size) / 2), out ? 0.9 : 0.25);
      }
    }
    context.putImageData(pixels, 0, 0);
  };

  const drawPoster = (i, mark, edge) => {
    const [number, left, top, w, h] = data.sprites.slice(5 * i, 5 * i + 5);
    const [wide, high] = box(i), x = toX(xs[i]) - wide / 2, y = toY(ys[i]) - high / 2;
    context.fillStyle = mark.colour;
    context.fillRect(x - edge, y - edge, wide + 2 * edge, high + 2 * edge);
    const image = number < 0 ? null : sheet(number);
    if (image) context.drawImage(image, left, top, w, h, x, y, wide, high);
    if (mark.shape !== "circle" && high > 36) { // a colour that two values share is told apart by its shape
      const tile = stamp({ colour: paper, shape: mark.shape }, 11), side = tile.width / dots;
      context.fillRect(x - edge, y - edge, side + 2, side + 2);
      context.drawImage(tile, x - edge + 1, y - edge + 1, side, side);
    }
  };
  const drawPosters = (seen) => {
    const edge = spriteSize > 40 ? 2.5 : 1.5;
    for (const out of layers()) {
      context.globalAlpha = out ? 1 : 0.15;
      for (const i of seen) if (standsOut(i) === out) drawPoster(i, lookOf(i), edge);
    }
    context.globalAlpha = 1;
  };

  const ring = (i, radius, colour, thick = 2.5) => {
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.beginPath();
    if (asPosters) {
      const [w, h] = box(i);
      context.rect(toX(xs[i]) - w / 2 - 3, toY(ys[i]) - h / 2 - 3, w + 6, h + 6);
    } else context.arc(toX(xs[i]), toY(ys[i]), radius, 0, 2 * Math.PI);
    context.stroke();
  };

  const drawChosen = () => {
    if (chosen < 0) return;
    const near = data.neighbours[chosen].filter(isShown);
    context.strokeStyle = ink;
    context.lineWidth = 1;
    context.globalAlpha = 0.55;
    context.beginPath();
    for (const i of near) {
      context.moveTo(toX(xs[chosen]), toY(ys[chosen]));
      context.lineTo(toX(xs[i]), toY(ys[i]));
    }
    context.stroke();
    context.globalAlpha = 1;
    for (const i of [...near].reverse().concat(chosen)) {
      if (asPosters) drawPoster(i, lookOf(i), 2);
      ring(i, i === chosen ? 10 : 7, i === chosen ? accent : ink, i === chosen ? 3 : 1.5);
    }
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const taken = []; // a rank makes room for those before it
    near.forEach((i) => {
      const rank = data.neighbours[chosen].indexOf(i);
      const [w, h] = asPosters ? box(i) : [14, 14], y = toY(ys[i]) - h / 2 - 2;
      let x = toX(xs[i]) + w / 2 + 2;
      for (const [ax, ay] of [...taken].sort((a, b) => a[0] - b[0])) if (Math.hypot(x - ax, y - ay) < 18) x = ax + 18;
      taken.push([x, y]);
      context.fillStyle = ink;
      context.beginPath();
      context.arc(x, y, 8.5, 0, 2 * Math.PI);
      context.fill();
      context.fillStyle = paper;
      context.fillText(String(rank + 1), x, y + 0.5);
    });
  };

  const drawTop = () => {
    drawChosen();
    if (over >= 0) {
      if (asPosters && over !== chosen) drawPoster(over, lookOf(over), 2);
      ring(over, 8, accent);
    }
    if (byKeys) {
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(width / 2 + 5 * dx, height / 2 + 5 * dy);
        context.lineTo(width / 2 + 14 * dx, height / 2 + 14 * dy);
      }
      context.stroke();
    }
    if (line) {
      context.strokeStyle = accent;
      context.lineWidth = 2;
      context.beginPath();
      line.forEach(([x, y]) => context.lineTo(x, y));
      context.closePath();
      context.globalAlpha = 0.12;
      context.fillStyle = accent;
      context.fill();
      context.globalAlpha = 1;
      context.stroke();
    }
  };

  /* Make the drawing one picture: on paper a browser would draw thousands of posters once more, one by one. */
  const flatten = () => {
    const copy = make("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    copy.getContext("2d").drawImage(canvas, 0, 0);
    canvas.width = copy.width; // forgets how it was drawn
    context.drawImage(copy, 0, 0);
  };
  const draw = () => {
    frame = 0;
    context.setTransform(dots, 0, 0, dots, 0, 0);
    context.fillStyle = paper;
    context.fillRect(0, 0, width, height);
    spriteSize = spriteHigh();
    alone = only === null ? null : styles.find(({ code }) => code === only) ?? rest;
    const seen = inView(spriteSize);
    asPosters = data.sheets.length > 0 && spriteSize >= 18 && seen.length <= 4000;
    if (axes && asPosters) drawGrid();
    if (asPosters) drawPosters(seen);
    else drawPoints(seen);
    if (axes && !asPosters) drawGrid();
    drawTop();
    if (axes) drawLabels();
    if (paged.matches) flatten();
  };

  // ---- moving about

  const clamp = () => {
    view.scale = Math.min(Math.max(view.scale, 0.6 * fit), most());
    view.x = Math.min(Math.max(view.x, -0.1), 1.1);
    view.y = Math.min(Math.max(view.y, -0.1), 1.1);
  };
  const zoom = (factor, px = width / 2, py = height / 2) => {
    cancelAnimationFrame(flight);
    const x = view.x + (px - width / 2) / view.scale, y = view.y - (py - height / 2) / view.scale;
    view.scale *= factor;
    view.scale = Math.min(Math.max(view.scale, 0.6 * fit), most());
    view.x = x - (px - width / 2) / view.scale;
    view.y = y + (py - height / 2) / view.scale;
    clamp();
    showOver(-1);
    redraw();
  };
  const pan = (dx, dy) => {
    cancelAnimationFrame(flight);
    view.x -= dx / view.scale;
    view.y += dy / view.scale;
    clamp();
    redraw();
  };
  const fly = (x, y, scale, lasts = 350) => {
    cancelAnimationFrame(flight);
    const from = { ...view }, begun = performance.now(), jump = !lasts || still.matches;
    const step = (now) => {
      const part = jump ? 1 : Math.min(1, Math.max(0, (now - begun) / lasts)), eased = 1 - (1 - part) ** 3;
      view.x = from.x + (x - from.x) * eased;
      view.y = from.y + (y - from.y) * eased;
      view.scale = from.scale * (scale / from.scale) ** eased;
      redraw();
      if (part < 1) flight = requestAnimationFrame(step);
    };
    if (jump) step(begun);
    else flight = requestAnimationFrame(step);
  };
  const home = () => fly(0.5, 0.5, fit);
  const goTo = (i, lasts) => {
    const wanted = Math.min(64, 1.4 * data.spriteHeight);
    const needed = fit * Math.max(1, (wanted / highAtHome()) ** (1 / 0.85));
    fly(xs[i], ys[i], Math.min(Math.max(view.scale, needed), most()), lasts);
  };

  /* Take the size of the stage. What is on the screen keeps its place, unless all of the map is shown and may be fitted anew. */
  let pushed = null; // all of the map, as a panel that opened left it
  const resize = ({ refit = true } = {}) => {
    const stage = get("stage"), was = [width, height, dots].join();
    const near = (a, b) => Math.abs(a - b) < 1e-9, before = [width, height];
    const isAt = (place) => near(view.scale / place.scale, 1) && near(view.x, place.x) && near(view.y, place.y);
    const whole = view.scale === 0 || isAt({ x: 0.5, y: 0.5, scale: fit }) || (pushed !== null && isAt(pushed));
    const full = view.scale === 0 || (refit && whole);
    [width, height] = [Math.max(1, stage.clientWidth), Math.max(1, stage.clientHeight)];
    dots = Math.min(window.devicePixelRatio || 1, 2);
    if (was === [width, height, dots].join()) return;
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
    const [wide, high] = extent;
    const edge = 24 + Math.min(64, (0.6 * Math.min(width, height)) / Math.sqrt(n)); // some air, and the width of a poster
    const [aside, above] = axes ? [Math.min(70, 0.15 * width), 60] : [0, 0]; // room for numbers along the edges
    fit = Math.max(60, Math.min((width - edge - aside) / Math.max(wide, 0.05), (height - 112 - above) / Math.max(high, 0.05)));
    if (full) Object.assign(view, { x: 0.5, y: 0.5, scale: fit });
    else {
      view.x += (width - before[0]) / 2 / view.scale;
      view.y -= (height - before[1]) / 2 / view.scale;
    }
    clamp();
    pushed = whole && !full ? { ...view } : null;
    draw();
  };

  // ---- the card beside the pointer

  const showOver = (i) => {
    over = i;
    const card = get("card");
    canvas.classList.toggle("over", i >= 0 && !lassoMode);
    card.hidden = i < 0;
    redraw();
    if (i < 0) return;
    card.querySelector(".picture").replaceWith(picture(i, 96));
    card.querySelector(".title").textContent = data.titles[i];
    card.querySelector(".more").textContent = data.genres[i];
    const x = toX(xs[i]), y = toY(ys[i]), [w] = asPosters ? box(i) : [10];
    const { offsetWidth, offsetHeight } = card, right = x + w / 2 + 12;
    const left = right + offsetWidth < width ? right : Math.max(4, x - w / 2 - 12 - offsetWidth);
    const top = Math.min(Math.max(4, y - offsetHeight / 2), Math.max(4, height - offsetHeight - 4));
    card.style.transform = `translate(${left}px, ${top}px)`;
  };

  // ---- the panel: a film and its neighbours, or a list

  const button = (text, act, className = "") => {
    const node = make("button", className, text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  };
  const head = (text) => {
    const node = make("div", "head"), title = make("h2", "", text), close = button("✕", () => closePanel(), "close");
    title.dir = "auto";
    close.setAttribute("aria-label", "Close");
    node.append(title, close);
    return node;
  };
  const openPanel = (kind, ...nodes) => {
    panelShows = kind;
    listed = kind === "list" ? new Set(list) : null;
    const panel = get("panel"), was = panel.hidden;
    panel.hidden = false;
    panel.replaceChildren(...nodes);
    panel.scrollTop = 0;
    if (was) resize({ refit: false });
    redraw();
  };
  const closePanel = ({ focus = true } = {}) => {
    get("panel").hidden = true;
    panelShows = "";
    listed = null;
    chosen = -1;
    name();
    hooks.left?.(false);
    resize({ refit: false });
    redraw();
    if (focus) canvas.focus({ preventScroll: true });
  };
  const filmButton = (i, rank, similarity) => {
    const item = make("li"), node = button("", () => choose(i, { move: true, focus: true }));
    const words = make("span"), title = make("span", "title", data.titles[i]);
    title.dir = "auto";
    if (rank) {
      const place = make("span", "place");
      place.append(picture(i, 96, 90));
      words.append(make("span", "rank", `${rank} · `), make("span", "said", "similarity "), make("span", "rank", similarity.toFixed(3)), title);
      node.append(place, words);
    } else {
      const more = make("span", "more", data.genres[i]);
      more.dir = "auto";
      words.append(title, more);
      node.append(picture(i, 48), words);
    }
    item.append(node);
    return item;
  };

  const showFilm = (i) => {
    const shown = make("div", "shown"), facts = make("dl"), thumbnail = data.thumbnails[i];
    if (thumbnail) {
      const image = make("img");
      image.src = thumbnail;
      image.alt = `Poster of ${data.titles[i]}`;
      shown.append(image);
    } else shown.append(picture(i, isNarrow() ? 96 : 140, 140));
    const told = data.columns.filter((one) => !one.numbers || one === column || axes?.includes(one)); // of many numbers those that are looked at
    const pairs = told.map(({ name, values, codes, numbers }) => [name, numbers ? numbers[i]?.toLocaleString("en") : codes[i].map((code) => values[code]).join(", ")]);
    for (const [name, value] of [...pairs, ["id", data.ids[i]]]) {
      if (!value) continue;
      const what = make("dd", "", value);
      what.dir = "auto";
      facts.append(make("dt", "", name), what);
    }
    shown.append(facts);
    const actions = make("div", "actions");
    const word = () => (list.includes(i) ? "Take off the list" : "Add to list");
    const toggle = button(word(), () => {
      keepList(list.includes(i) ? list.filter((other) => other !== i) : [...list, i]);
      toggle.textContent = word();
      say(`${counted(list.length)} on the list`, true);
    });
    actions.append(toggle);
    const page = pages.get(data.ids[i]);
    if (page !== undefined) {
      const link = make("a", "", "Page of this film");
      link.href = page;
      actions.append(link);
    }
    const nodes = [head(data.titles[i]), shown, actions];
    if (data.neighbours[i].length) {
      const films = make("ol", "films near");
      films.append(...data.neighbours[i].map((other, place) => filmButton(other, place + 1, data.similarities[i][place])));
      nodes.push(make("h3", "", "Nearest posters"), make("p", "more", "By cosine similarity of all features, not by their place on the map."), films);
    }
    openPanel("film", ...nodes);
  };

  const choose = (i, { move = false, focus = false, address = true, lasts = 350 } = {}) => {
    if (!isPlaced(i)) placePosters([]); // it is on the map at any rate
    if (panelShows === "list") listAt = get("panel").scrollTop;
    chosen = i;
    showOver(-1);
    showFilm(i);
    const x = toX(xs[i]), y = toY(ys[i]);
    if (move) goTo(i, lasts);
    else if (Math.min(x, y, width - x, height - y) < 24) fly(xs[i], ys[i], view.scale); // the panel covers it
    if (address) hooks.went?.(data.ids[i]);
    name(data.titles[i]);
    if (focus) get("panel").focus({ preventScroll: true });
    say(`${data.titles[i]}. ${data.genres[i]}`);
  };

  // ---- the list

  const keepList = (films) => {
    list = films;
    hooks.listed?.(list.map((i) => data.ids[i]));
    get("listed").textContent = `List (${list.length.toLocaleString("en")})`;
    get("listed").hidden = !list.length;
  };
  const known = (ids) => ids.map((id) => numberOf.get(id)).filter((i) => i !== undefined);
  const showList = () => {
    chosen = -1;
    name();
    hooks.left?.(true);
    const films = make("ul", "films"), actions = make("div", "actions"), shown = 300;
    films.append(...list.slice(0, shown).map((i) => filmButton(i)));
    actions.append(button("Save list (CSV)", saveList));
    if (before.length) {
      actions.append(button(`Join with the ${before.length.toLocaleString("en")} listed before`, () => {
        keepList([...new Set([...before, ...list])]);
        before = [];
        showList();
      }));
    }
    actions.append(button("Clear list", () => { keepList([]); closePanel(); }));
    const nodes = [head(`${counted(list.length)} listed`), actions, make("h3", "", "Films"), films];
    if (list.length > shown) nodes.push(make("p", "more", `The first ${shown} are shown; the saved list has all.`));
    openPanel("list", ...nodes);
    get("panel").scrollTop = listAt;
    say(`${counted(list.length)} listed`);
  };
  const listFound = (found) => {
    const films = found.filter(isLit);
    redraw();
    if (!films.length) { say("No poster there", true); return; }
    [before, listAt] = [list, 0];
    keepList(films);
    showList();
  };
  const saveList = () => {
    // a spreadsheet would work out a title such as "=1+1", so an apostrophe tells it that this is text; and it
    // knows by the mark at the beginning that the file is in UTF-8
    const safe = (text) => (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text);
    const quoted = (text) => `"${safe(text).replaceAll('"', '""')}"`;
    const rows = list.map((i) => `${quoted(data.ids[i])},${quoted(data.titles[i])}\n`);
    const file = new Blob(["\ufeffimdb_id,title\n", ...rows], { type: "text/csv" });
    const link = make("a");
    link.href = URL.createObjectURL(file);
    link.download = "posters.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`${counted(list.length)} saved as posters.csv`, true);
  };

  /* Whether a point lies inside a closed line: the number of sides to its right that cross its height is odd. */
  const inside = (x, y, corners) => {
    let odd = false;
    for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
      const [ax, ay] = corners[i], [bx, by] = corners[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };

  // ---- pointer

  const pointers = new Map();
  let moved = false, spread = 0, clicked = 0;
  const setLasso = (on) => {
    lassoMode = on;
    canvas.classList.toggle("lasso", on);
    get("lasso").setAttribute("aria-pressed", String(on));
    if (on) say("Draw a line around posters", true);
  };
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const gap = () => {
    const [[ax, ay], [bx, by]] = [...pointers.values()];
    return [Math.hypot(ax - bx, ay - by), (ax + bx) / 2, (ay + by) / 2];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    canvas.setPointerCapture(event.pointerId);
    byKeys = false;
    pointers.set(event.pointerId, place(event));
    moved = pointers.size > 1;
    line = pointers.size === 1 && (lassoMode || event.shiftKey) ? [place(event)] : null;
    if (pointers.size === 2) [spread] = gap();
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") {
        const found = at(x, y)[0] ?? -1;
        if (found !== over) showOver(found);
      }
      return;
    }
    if (!moved && Math.hypot(x - before[0], y - before[1]) < (event.pointerType === "mouse" ? 3 : 8)) return;
    if (!moved) showOver(-1);
    moved = true;
    const middle = pointers.size === 2 ? gap() : null;
    pointers.set(event.pointerId, [x, y]);
    if (line) {
      line.push([x, y]);
      redraw();
    } else if (middle) {
      const [now, mx, my] = gap();
      pan(mx - middle[1], my - middle[2]);
      zoom(now / Math.max(1, spread), mx, my);
      spread = now;
    } else {
      canvas.classList.add("dragging");
      pan(x - before[0], y - before[1]);
    }
  });
  const lift = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    canvas.classList.remove("dragging");
    if (line && moved && event.type === "pointerup") {
      const corners = line, found = [];
      for (let i = 0; i < n; i++) if (isShown(i) && inside(toX(xs[i]), toY(ys[i]), corners)) found.push(i);
      line = null;
      setLasso(false);
      listFound(found);
    } else if (!moved && event.type === "pointerup") {
      // a second click chooses what lies below; the second half of a double click does not
      const found = at(...place(event), event.pointerType === "mouse" ? 12 : 20), same = found.indexOf(chosen);
      if (found.length && (same < 0 || event.timeStamp - clicked > 400)) choose(found[(same + 1) % found.length]);
      clicked = event.timeStamp;
    }
    line = null;
    redraw();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => { if (!pointers.size) showOver(-1); });
  canvas.addEventListener("wheel", (event) => {
    if (hooks.wheel && !hooks.wheel(event)) return;
    event.preventDefault();
    const step = event.deltaMode === 1 ? 30 * event.deltaY : event.deltaY;
    zoom(Math.exp(-Math.max(-240, Math.min(240, step)) * (event.ctrlKey ? 0.01 : 0.002)), ...place(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => zoom(2, ...place(event)));

  // ---- keys

  const middle = () => {
    byKeys = true;
    const i = nearestToMiddle();
    requestAnimationFrame(() => { if (byKeys) showOver(i); });
    if (i >= 0) say(data.titles[i]);
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 0.15 * Math.min(width, height);
    const acts = {
      ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0),
      ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
      "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), "0": home,
      Enter: () => { const i = nearestToMiddle(); if (i >= 0) choose(i, { focus: true }); },
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
    if (event.key !== "Enter") middle();
  });
  canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) middle(); });
  canvas.addEventListener("blur", () => { byKeys = false; showOver(-1); });
  root.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !typing) { event.preventDefault(); get("search").focus(); get("search").select(); }
    if (event.key !== "Escape" || typing) return;
    if (line || lassoMode) { line = null; setLasso(false); redraw(); }
    else if (!get("panel").hidden) closePanel();
  });

  // ---- search

  const field = get("search"), results = get("found");
  let found = [], marked = -1;
  const mark = (number) => {
    marked = number;
    [...results.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === number)));
    const item = results.children[number];
    if (item) { field.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  };
  const closeResults = () => {
    results.hidden = true;
    field.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const search = () => {
    const text = fold(field.value.trim()), words = text.split(/\s+/).filter(Boolean);
    if (!words.length) { closeResults(); return; }
    const hits = [], folded = foldedTitles(), turned = turnedTitles();
    for (let i = 0; i < n; i++) {
      if (!isShown(i)) continue;
      if (data.ids[i] === field.value.trim()) hits.push([-1, i]);
      else if (folded[i].startsWith(text) || turned[i].startsWith(text)) hits.push([0, i]);
      else if (folded[i].includes(text) || turned[i].includes(text)) hits.push([1, i]);
      else if (words.every((word) => folded[i].includes(word))) hits.push([2, i]);
    }
    hits.sort((a, b) => a[0] - b[0] || folded[a[1]].length - folded[b[1]].length || a[1] - b[1]);
    found = hits.slice(0, 40).map(([, i]) => i);
    results.replaceChildren(...found.map((i, place) => {
      const item = make("li"), title = make("span", "", data.titles[i]), more = make("small", "", data.genres[i]);
      item.id = `found-${place}`;
      item.setAttribute("role", "option");
      title.dir = more.dir = "auto";
      item.append(title, more);
      item.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus, and the list stays
      item.addEventListener("click", () => take(place));
      return item;
    }));
    if (!found.length) results.append(make("li", "", "No title has these words"));
    results.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(found.length ? 0 : -1);
    say(hits.length > found.length ? `${hits.length} found, the first ${found.length} listed` : `${hits.length} found`);
  };
  const take = (number) => {
    if (!(number in found)) return;
    closeResults();
    choose(found[number], { move: true, focus: true });
  };
  field.addEventListener("input", search);
  field.addEventListener("focus", search);
  field.addEventListener("blur", closeResults);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (results.hidden) search();
      else if (found.length) mark((marked + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (event.key === "Enter") take(marked);
    else if (event.key === "Escape") { if (results.hidden) field.value = ""; closeResults(); }
  });

  // ---- the rest

  get("zoom-in").addEventListener("click", () => zoom(1.6));
  get("zoom-out").addEventListener("click", () => zoom(1 / 1.6));
  get("zoom-all").addEventListener("click", home);
  get("lasso").addEventListener("click", () => setLasso(!lassoMode));
  get("listed").addEventListener("click", () => { showList(); get("panel").focus({ preventScroll: true }); });
  get("inview").addEventListener("click", () => { listFound(inView()); get("panel").focus({ preventScroll: true }); });
  const picker = get("colour");
  const fillPicker = () => {
    picker.replaceChildren(...data.columns.map(({ name }, number) => {
      const option = make("option", "", name);
      option.value = String(number);
      return option;
    }));
    picker.value = String(data.columns.indexOf(column));
    picker.closest("label").hidden = get("legend").hidden = !data.columns.length;
  };
  picker.addEventListener("change", () => {
    only = null;
    colourBy(data.columns[Number(picker.value)]);
    hooks.coloured?.(column.name);
  });
  get("across").addEventListener("change", takeAxes);
  get("up").addEventListener("change", takeAxes);

  /* Show the film with an id, as an address asks for it; without an id, what was there before. */
  const show = (id, lasts) => {
    const i = numberOf.get(id);
    if (i !== undefined && i === chosen) return;
    if (i !== undefined) choose(i, { move: true, address: false, lasts });
    else if (id) {
      chosen = -1;
      name();
      openPanel("nothing", head(`No poster here has the id ${id}`));
    } else if (panelShows === "film" && list.length) showList();
    else if (panelShows && panelShows !== "list") closePanel();
  };
  const colour = (name) => {
    const wanted = data.columns.find((one) => one.name === name);
    if (!wanted || wanted === column) return;
    only = null;
    colourBy(wanted);
    picker.value = String(data.columns.indexOf(wanted));
  };
  const setColumns = (columns) => {
    const before = column?.name;
    data.columns = withCodes(columns);
    fillAxes();
    [column, only] = [columns.find((one) => one.name === before) ?? columns[0] ?? null, null];
    fillPicker();
    readTheme();
  };
  const setVisible = (ids) => {
    visible = ids.length ? new Set(known(ids)) : null;
    if (column) colourBy(column);
    if (over >= 0 && !isShown(over)) showOver(-1);
    if (chosen >= 0 && !isShown(chosen)) closePanel({ focus: false });
    redraw();
  };
  const setList = (ids) => {
    [before, listAt] = [[], 0];
    keepList(known(ids));
    if (list.length) showList();
    else if (panelShows === "list") closePanel({ focus: false });
    redraw();
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTheme, outside);
  paged.addEventListener("change", () => { readTheme(); draw(); }, outside); // paper is white, and does not wait
  const watchScreen = () => { // a window may move to a sharper screen
    const same = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    same.addEventListener("change", () => { resize(); watchScreen(); }, { once: true, ...outside });
  };
  watchScreen();
  if (isNarrow()) get("legend").open = false;
  column = data.columns[0] ?? null;
  fillPicker();
  readTheme();
  const watched = new ResizeObserver(() => resize());
  watched.observe(get("stage"));
  hooks.signal?.addEventListener("abort", () => watched.disconnect());
  fillAxes();
  resize();
  get("up").closest("label").hidden = true;
  const placeBy = (names) => { if (names.join("\n") !== (axes ?? []).map((one) => one.name).join("\n")) placePosters(names); };
  return { place: placeBy, show, recall: (ids) => keepList(known(ids)), setList, colour, setColumns, setVisible, readTheme, say, draw };
};

// ---- the page, which is a classic script; a module has no current script

if (globalThis.document?.currentScript) (() => {
  "use strict";

  try {
    const mode = localStorage.getItem("mode");
    if (mode === "light" || mode === "dark") document.documentElement.dataset.theme = mode;
  } catch { /* a browser may keep no memory for files */ }

  const data = window.posterMap;
  if (!data) {
    const message = document.createElement("p");
    message.className = "message";
    message.textContent = "The file data.js, which lies beside this page, is missing or damaged.";
    document.body.append(message);
    return;
  }
  document.documentElement.classList.add("live");

  const here = location.pathname + location.search;
  const memory = `list ${location.pathname}`; // which lasts as long as the tab: a look at another page does not lose the list
  const addressOf = (id) => {
    try { return `#${encodeURIComponent(id)}`; } catch { return ""; /* half a character */ }
  };
  const { before = "", others: pairs = [] } = window.filmPages ?? {}, others = new Map(pairs);
  const map = drawPosterMap(document, data, {
    pages: { get: (id) => others.get(id) ?? (before ? before + id : undefined) },
    named: (film) => { document.title = film ? `${film} · ${data.title}` : data.title; },
    went: (id) => {
      const hash = addressOf(id);
      if (hash && location.hash !== hash) location.hash = hash;
    },
    left: (forward) => {
      if (!location.hash) return;
      if (forward) history.pushState(null, "", here);
      else history.replaceState(null, "", here);
    },
    listed: (ids) => {
      try { sessionStorage.setItem(memory, JSON.stringify(ids)); } catch { /* nowhere to keep it */ }
    },
  });
  try { map.recall(JSON.parse(sessionStorage.getItem(memory))); } catch { /* nothing kept */ }
  const follow = (lasts) => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* not an address of ours: taken as it is */ }
    map.show(id, lasts);
  };
  window.addEventListener("hashchange", () => follow());
  follow(0);
  map.draw(); // at once, so that the sheets it needs are asked for before the page counts as loaded
})();
