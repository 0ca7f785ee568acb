// A click on a heading sorts the rows of a table: numbers as numbers, the rest as text, empty cells last.
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = /^[-+\u2212]?[\d,]*\.?\d+(e[-+]?\d+)?\s*%?$/i;

  const valueOf = (row, column) => {
    const text = row.cells[column].textContent.trim();
    if (!text || text === "NaN" || text === "None") return null;
    return number.test(text) ? parseFloat(text.replace(/,/g, "").replace("\u2212", "-")) : text;
  };

  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return collator.compare(String(a), String(b));
  };

  const sort = (table, heading, column) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return down ? compare(b, a) : compare(a, b);
    });
    body.append(...rows.map(([, row]) => row));
  };

  const prepare = (table) => {
    const head = table.tHead;
    if (!head || head.rows.length !== 1 || table.tBodies.length !== 1) return;
    if (table.querySelector("[rowspan], [colspan]")) return;
    [...head.rows[0].cells].forEach((heading, column) => {
      const name = heading.textContent.trim();
      if (!name) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.title = `Sort by ${name}`;
      button.addEventListener("click", () => sort(table, heading, column));
      heading.replaceChildren(button);
    });
  };

  // pandas gives the names of an index a row of their own: they move up to where there is room.
  const joinHeadings = (table) => {
    if (table.tHead?.rows.length !== 2) return;
    const [upper, lower] = table.tHead.rows;
    const texts = [...lower.cells].map((cell) => cell.textContent.trim());
    if (upper.cells.length !== texts.length) return;
    if (texts.some((text, column) => text && upper.cells[column].textContent.trim())) return;
    texts.forEach((text, column) => {
      if (text) upper.cells[column].textContent = text;
    });
    lower.remove();
  };

  // Nor does it say what is a number: a column that holds any text is set as text.
  const align = (table) => {
    const isText = (cell) => {
      const text = cell.textContent.trim();
      return text && text !== "NaN" && !number.test(text);
    };
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const cells = rows.map((row) => [...row.querySelectorAll("td")]);
    const columns = Math.max(0, ...cells.map((row) => row.length));
    const headings = [...(table.tHead?.rows ?? [])].map((row) => [...row.cells].slice(-columns));
    for (const row of table.tHead?.rows ?? []) {
      [...row.cells].slice(0, -columns || undefined).forEach((cell) => cell.classList.add("text"));
    }
    for (let column = 0; column < columns; column += 1) {
      if (!cells.some((row) => row[column] && isText(row[column]))) continue;
      for (const row of [...cells, ...headings]) row[column]?.classList.add("text");
    }
  };

  const frames = document.querySelectorAll("table.dataframe");
  frames.forEach(joinHeadings);
  frames.forEach(align);
  document.querySelectorAll("table.sortable, table.dataframe").forEach(prepare);

  // A table that scrolls sideways can be reached and scrolled with the keyboard.
  for (const box of document.querySelectorAll(".wide, .cell_output .text_html")) {
    if (box.querySelector("table")) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "Table");
    }
  }
})();
