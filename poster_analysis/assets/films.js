// Films from shards: scripts that each hold some of them and are loaded when somebody asks, from a server and from files alike.
// On the page of all films it shows the film or the part of the list that the address names; on that of a large cluster it
// shows more of its posters; and it finds titles for the search.
(() => {
  const root = document.documentElement.dataset.content_root ?? "";

  // ---- shards: each calls siteShard with what it holds

  const taking = new Map(), loaded = new Map();
  window.siteShard = (value) => taking.get(document.currentScript)?.(value);
  const load = (address) => {
    if (!loaded.has(address)) {
      loaded.set(address, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        taking.set(script, resolve);
        const done = () => { taking.delete(script); script.remove(); };
        script.addEventListener("load", done);
        script.addEventListener("error", () => {
          done();
          loaded.delete(address);
          reject(new Error(`${address} is missing or damaged`));
        });
        script.src = address;
        document.head.append(script);
      }));
    }
    return loaded.get(address);
  };

  /* The shard that an anchor is in: FNV-1a of its letters, as shard_of of the package's site.shards. */
  const shardOf = (anchor, count) => {
    let hash = 0x811c9dc5;
    for (let at = 0; at < anchor.length; at++) hash = Math.imul(hash ^ anchor.charCodeAt(at), 0x01000193);
    return (hash >>> 0) % count;
  };

  // ---- what is shown of films; every text is put in as text

  const make = (name, kind = "", words = "") => {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    if (words) element.textContent = words;
    return element;
  };
  const link = (address, words) => Object.assign(make("a", "", words), { href: address });
  const THUMBNAILS = `${root}thumbnails/`;

  /* A small poster, or the reason why there is none; nothing where there are no pictures at all. */
  const posterOf = (poster, alt = "") => {
    if (!poster) return [];
    const box = make("span", "poster");
    if (typeof poster === "string") box.append(make("span", "none", poster));
    else {
      const image = make("img"), [name, width, height] = poster;
      Object.assign(image, { loading: "lazy", alt, width, height, src: THUMBNAILS + name });
      box.append(image);
    }
    return [box];
  };
  const tileOf = (films) => ([anchor, title, poster, note, more]) => {
    const item = make("li"), to = link(`${films}#${anchor}`), words = make("span", "title", title);
    Object.assign(words, { dir: "auto", title });
    to.dataset.film = anchor;
    to.append(...posterOf(poster), words);
    item.append(to);
    if (note) item.append(make("small", "", note));
    if (more) item.append(make("small", "explained", more));
    return item;
  };
  const tilesOf = (entries, films) => {
    const list = make("ol", "tiles");
    list.setAttribute("role", "list");
    list.append(...entries.map(tileOf(films)));
    return list;
  };
  const around = (links) => {
    const nav = make("nav", "around");
    nav.setAttribute("aria-label", "Films");
    nav.append(...links.filter(Boolean).map(([address, words]) => link(address, words)));
    return nav;
  };

  // ---- the page of all films

  const place = document.querySelector(".films-shown");
  const number = (count) => Number(count).toLocaleString("en");
  const partName = (part) => {
    const first = (part - 1) * place.dataset.each + 1;
    return `Films ${number(first)} to ${number(Math.min(first + Number(place.dataset.each) - 1, place.dataset.films))}`;
  };

  const filmOf = (anchor, film) => {
    const section = make("section", "one"), box = make("div", "film"), words = make("div"), list = make("ul");
    section.id = anchor;
    const heading = make("h2", "", film.title), known = make("p", "", film.known);
    heading.dir = known.dir = "auto";
    for (const [address, name, says] of film.clusters) {
      const item = make("li");
      item.append(link(`../clusters/${address}.html`, name), `: ${says}`);
      list.append(item);
    }
    if (!film.clusters.length) list.append(make("li", "", "Not among the clustered posters."));
    if (film.map) {
      const item = make("li");
      item.append(link(`../map/index.html#${film.map}`, "Its place on the map"));
      list.append(item);
    }
    words.append(known, list);
    box.append(...posterOf(film.poster, `Poster of ${film.title}`), words);
    section.append(around([["../index.html", "The run"], ["index.html", "All films"], [`#films_${film.part}.${anchor}`, partName(film.part)]]));
    section.append(heading, box);
    if (film.near.length) {
      const told = film.near.some((entry) => entry[4]);
      section.append(make("p", "more", `Nearest posters, with their cosine similarity${told ? ", and what both share or differ in" : ""}`));
      section.append(tilesOf(film.near, ""));
      if (told) section.append(make("p", "more", place.dataset.rule));
    }
    return [film.title, section];
  };
  const partOf = (part, films, anchor) => {
    const section = make("section", "part"), heading = make("h2", "", partName(part));
    const before = part > 1 && [`#films_${part - 1}`, "← Films before"];
    const after = part < place.dataset.parts && [`#films_${part + 1}`, "Films after →"];
    const links = () => around([["../index.html", "The run"], ["index.html", "All films"], before, after]);
    const tiles = tilesOf(films, "");
    section.append(links(), heading, tiles, links());
    return [partName(part), section, anchor && tiles.querySelector(`[data-film="${CSS.escape(anchor)}"]`)];
  };

  const title = document.title;
  let asked = 0;
  const show = async ({ first = false } = {}) => {
    const hash = location.hash.slice(1), turn = (asked += 1);
    const part = /^films_(\d+)(?:\.([\w-]+))?$/.exec(hash), isFilm = /^(film|id)_[\w-]*$/.test(hash);
    let shown = null;
    try {
      if (isFilm) {
        const films = await load(`shards/${shardOf(hash, Number(place.dataset.shards))}.js`);
        shown = Object.hasOwn(films, hash) ? filmOf(hash, films[hash]) : ["No such film", make("p", "", "There is no film at this address.")];
      } else if (part && part[1] >= 1 && part[1] <= Number(place.dataset.parts)) {
        shown = partOf(Number(part[1]), await load(`parts/${Number(part[1])}.js`), part[2]);
      }
    } catch (error) {
      shown = ["Film by film", make("p", "", `The file films/${error.message}.`)];
    }
    if (turn !== asked) return; // another address was asked for meanwhile
    document.documentElement.classList.toggle("one-of-films", shown !== null);
    place.replaceChildren(...(shown ? [shown[1]] : []));
    document.title = shown ? `${shown[0]} — ${title}` : title;
    if (!shown) return first ? undefined : window.scrollTo(0, 0);
    const heading = place.querySelector("h2") ?? place, focused = shown[2] || heading;
    heading.tabIndex = -1;
    if (shown[2]) focused.scrollIntoView({ block: "center" });
    else window.scrollTo(0, 0);
    focused.focus({ preventScroll: true });
  };
  if (place) {
    window.addEventListener("hashchange", () => show());
    if (location.hash) show({ first: true });
  }

  // ---- more posters of a large cluster

  for (const box of document.querySelectorAll(".more-films")) {
    const { shards, folder, left } = box.dataset, button = make("button", "", "");
    let next = 0, rest = Number(left);
    const say = () => { button.textContent = `Show more posters (${number(rest)} left)`; };
    button.type = "button";
    button.addEventListener("click", async () => {
      const entries = await load(`${folder}/${next}.js`), list = tilesOf(entries, "../films/index.html");
      next += 1;
      rest -= entries.length;
      say();
      button.hidden = next >= Number(shards);
      box.before(list);
      list.querySelector("a")?.focus();
    });
    say();
    box.append(button);
  }

  // ---- titles of all films of the site

  let titles = null;
  const allTitles = () => (titles ??= (async () => {
    const { shards, runs } = await load(`${root}titles/index.js`);
    const parts = await Promise.all(Array.from({ length: shards }, (_, at) => load(`${root}titles/${at}.js`)));
    return { runs, films: parts.flat() };
  })().catch((error) => { titles = null; throw error; }));
  window.siteFilms = { allTitles };
})();
