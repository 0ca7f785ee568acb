// Finds films by the words of their titles, which films.js loads, and clusters in the index that Sphinx writes for its own search and the
// theme loads before this: on the search page above the pages that Sphinx finds, and on the page that lists the films.
(() => {
  const SHOWN = 50;
  const root = document.documentElement.dataset.content_root ?? "";

  // One key for all spellings of a title, as title_key of the package's search makes it.
  const letters = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ß: "ss", "&": " and " };
  const keyOf = (text) => {
    const lower = text.replace(/['’‘`´ʼ]/g, "").normalize("NFKD").toLowerCase();
    const spelt = lower.replace(/[øłđðþæœıß&]/g, (letter) => letters[letter]).normalize("NFKD");
    return spelt.replace(/\p{M}/gu, "").match(/[\p{L}\p{N}]+/gu)?.join(" ") ?? text.trim().toLowerCase();
  };
  const idKeyOf = (text) => text.trim().toLowerCase().replace(/^(tt)?0*(?=\d)/, "");
  const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
  const hasWords = /[\p{L}\p{N}&]/u;

  // Of every film its title, its anchor, which holds its id, and the runs that have it, if not all do. Made ready once.
  const CLUSTER = /^(.+)\/clusters\/(?!index$)[^/]+$/;
  const idIn = (anchor) =>
    anchor.startsWith("film_") ? idKeyOf(decodeURIComponent(anchor.slice(5).replaceAll("_", "%"))) : null;
  let ready = null;
  const readFilms = () => (ready ??= window.siteFilms.allTitles().then(({ runs, films }) => ({
    runs,
    films: films.map(([title, anchor, of]) => ({
      title,
      key: ` ${keyOf(title)} `,
      id: idIn(anchor),
      places: (of ?? [...runs.keys()]).map((number) => ({ run: runs[number][0], address: `${runs[number][0]}/films/index.html#${anchor}` })),
    })),
  })).catch((error) => { ready = null; throw error; }));
  const clustersOf = (index) =>
    index.docnames.flatMap((name, page) => {
      const run = CLUSTER.exec(name)?.[1], title = index.titles[page];
      return run ? [{ title, key: ` ${keyOf(title)} `, id: null, places: [{ run, address: `${name}.html` }] }] : [];
    });

  // All words of the query begin words of the title, or are the id; the nearest reading first.
  const find = (entries, query) => {
    const parts = query.split(/\s+/).filter(Boolean), spoken = parts.filter((part) => hasWords.test(part));
    const wanted = (spoken.length ? spoken : parts).map((part) => [keyOf(part).split(" "), idKeyOf(part)]);
    if (!wanted.length) return [];
    const whole = keyOf(query), id = idKeyOf(query);
    const holds = (entry, word) =>
      entry.key.includes(` ${word}`) || (unspaced.test(word) && entry.key.includes(word));
    const meets = (entry, [words, number]) =>
      entry.id === number || words.every((word) => holds(entry, word)) ||
      (!spoken.length && entry.title.includes(words[0]));
    const nearness = (entry) => {
      if (entry.id === id) return 0;
      if (entry.key.startsWith(` ${whole} `)) return 1;
      if (entry.key.startsWith(` ${whole}`)) return 2;
      return wanted.every(([words]) => words.every((word) => entry.key.includes(` ${word} `))) ? 3 : 4;
    };
    const found = entries.filter((entry) => entry.id === id || wanted.every((part) => meets(entry, part)));
    const order = new Intl.Collator("en", { numeric: true }).compare;
    return found
      .map((entry) => [nearness(entry), entry])
      .sort(([a, one], [b, other]) => a - b || order(one.key, other.key))
      .map(([, entry]) => entry);
  };

  const make = (name, words = "", kind = "") => {
    const element = document.createElement(name);
    element.textContent = words;
    if (kind) element.className = kind;
    return element;
  };
  const linkTo = (address, words) => {
    const link = make("a", words);
    link.href = root + address;
    link.dir = "auto";
    return link;
  };

  // A list that can be filled again and again, and says how long it is.
  const makeList = (noun, runTitle = null) => {
    const box = make("div", "", "found"), status = make("p"), list = make("ol"), more = make("button", `Show ${SHOWN} more`);
    status.setAttribute("role", "status");
    list.setAttribute("role", "list");
    more.type = "button";
    more.hidden = true;
    box.append(status, list, more);
    const itemOf = (entry) => {
      const item = make("li"), [first, ...others] = entry.places;
      item.append(linkTo(first.address, entry.title));
      if (!runTitle) return item;
      const said = make("small", ` ${runTitle(first.run)}`);
      for (const place of others) said.append(" · ", linkTo(place.address, runTitle(place.run)));
      item.append(said);
      return item;
    };
    let rest = [];
    const show = () => {
      const items = rest.splice(0, SHOWN).map(itemOf);
      list.append(...items);
      more.hidden = !rest.length;
      return items[0];
    };
    more.addEventListener("click", () => show()?.querySelector("a").focus());
    const fill = (entries) => {
      rest = [...entries];
      list.replaceChildren();
      show();
      const count = entries.length.toLocaleString("en");
      const all = entries.length === 1 ? `1 ${noun}` : `${count} ${noun}s`;
      status.textContent = rest.length ? `${all}, the nearest first; another word leaves fewer.` : all;
    };
    const clear = () => {
      rest = [];
      list.replaceChildren();
      more.hidden = true;
      status.textContent = "";
    };
    const nameRuns = (title) => { runTitle = title; };
    return { box, list, status, fill, clear, nameRuns };
  };

  // The search page
  const results = document.getElementById("search-results");
  const query = new URLSearchParams(location.search).get("q")?.trim();
  if (results && query && typeof Search !== "undefined") {
    const listed = new Set();
    const showPart = (heading, noun, runTitle, found) => {
      const part = makeList(noun, runTitle);
      found.flatMap((entry) => entry.places).forEach((place) => listed.add(place.address.replace(/\.html.*/, "")));
      results.before(make("h2", heading), part.box);
      return part;
    };
    const showClusters = (index) => {
      const found = find(clustersOf(index), query), runs = new Set(clustersOf(index).map((entry) => entry.places[0].run));
      const runTitle = (run) => index.titles[index.docnames.indexOf(`${run}/index`)] ?? run;
      if (found.length) showPart("Clusters", "cluster", runs.size > 1 ? runTitle : null, found).fill(found);
    };
    const part = showPart("Films", "film", null, []);
    if (Search._index) showClusters(Search._index);
    // what is filled in once it stands on the page is also said aloud
    setTimeout(() => {
      part.status.textContent = "Looking through the titles of all films …";
      readFilms().then(({ runs, films }) => {
        const found = find(films, query), named = new Map(runs);
        if (runs.length > 1) part.nameRuns((run) => named.get(run));
        if (found.length) part.fill(found);
        else part.status.textContent = "No film has all these words in its title.";
      }, (error) => { part.status.textContent = `${error.message}.`; });
    });
    // What stands above need not be listed again.
    const perform = Search._performSearch, isAbove = ([page]) => listed.has(page);
    if (perform) Search._performSearch = (...given) => perform(...given).filter((result) => !isAbove(result));
    Object.assign(Documentation.TRANSLATIONS, {
      "Search Results": "Pages",
      "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
        "No page holds all these words.",
    });
  }

  // The page that lists the films of a run
  const place = document.querySelector(".find-films");
  if (place) {
    const run = DOCUMENTATION_OPTIONS.pagename.replace(/\/films\/index$/, "");
    const label = make("label", "Find a film by words of its title, or by its id"), field = make("input");
    const part = makeList("film", null);
    field.type = "search";
    field.autocomplete = "off";
    field.spellcheck = false;
    label.append(field);
    place.append(label, part.box);
    // Titles are loaded once, when somebody asks.
    const ofRun = (film) => ({ ...film, places: film.places.filter((one) => one.run === run) });
    let turn = 0;
    const look = async () => {
      const asked = (turn += 1);
      if (!field.value.trim()) return part.clear();
      try {
        const { films } = await readFilms();
        if (asked === turn) part.fill(find(films, field.value).map(ofRun).filter((film) => film.places.length));
      } catch (error) {
        part.status.textContent = `${error.message}.`;
      }
    };
    field.addEventListener("focus", () => readFilms().catch(() => {}));
    field.addEventListener("input", look);
    window.addEventListener("hashchange", () => { // a film of those found was chosen
      field.value = "";
      look();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      part.list.querySelector("a")?.focus();
    });
  }
})();
