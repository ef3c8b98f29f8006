"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const words = { p: "passed", f: "failed", e: "errored", t: "timed out", c: "crashed", s: "skipped", m: "never reported" };
  for (const element of document.querySelectorAll(".js, .copy, #theme")) element.hidden = false;

  // Light or dark: the system's choice until somebody chooses.
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Copy buttons. A page opened from a disk may have no clipboard; then the text is selected and copied the old way.
  const copyOldWay = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const element = byId(button.dataset.copy);
    let copied = false;
    try {
      await navigator.clipboard.writeText(element.textContent);
      copied = true;
    } catch {
      copied = copyOldWay(element);
    }
    button.textContent = copied ? "Copied" : "Select and copy by hand";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  // The rounds: orders are decoded when they are first needed.
  const value = new Map([...data.alphabet].map((letter, at) => [letter.charCodeAt(0), at]));
  const base = data.alphabet.length;
  const rows = data.rows.map((row) => ({ label: row.label, source: row, cases: null, places: null, outcomes: null }));
  const decoded = (row) => {
    if (row.cases) return row;
    const length = row.source.order.length / data.digits;
    row.cases = new Uint32Array(length);
    row.places = new Map();
    for (let at = 0; at < length; at++) {
      let number = 0;
      for (let digit = 0; digit < data.digits; digit++) {
        number = number * base + value.get(row.source.order.charCodeAt(at * data.digits + digit));
      }
      row.cases[at] = number;
      const places = row.places.get(number);
      if (places) places.push(at); else row.places.set(number, [at]);
    }
    row.outcomes = "";
    for (const [, count, letter] of row.source.outcomes.matchAll(/(\d+)([a-z])/g)) row.outcomes += letter.repeat(Number(count));
    return row;
  };

  const grid = byId("grid");
  if (grid) {
    const scroll = byId("scroll");
    const told = byId("told");
    const columns = grid.viewBox.baseVal.width;
    let held = null;
    let cursor = null;

    // In a long round a cell is narrower than a pixel: what is pointed at is drawn wider.
    const wide = Math.max(1, columns / 200);
    const cells = (number, wanted = () => true) => {
      let path = "";
      rows.forEach((row, y) => {
        for (const x of decoded(row).places.get(number) ?? []) {
          if (wanted(row.outcomes[x])) path += `M${x} ${y}h${wide}v.84h-${wide}z`;
        }
      });
      return path;
    };
    const failing = (outcome) => "fetc".includes(outcome);
    const names = (numbers) => numbers.map((number) => data.ids[number]).join(", then ");
    const story = (number) => {
      const accused = data.accused[number];
      if (!accused) return "";
      const verb = accused.role === "polluter" ? "fails after" : "passes after";
      let text = ` It ${verb} ${accused.sequences.map(names).join(", or after ")}.`;
      if (accused.cleaners.length) text += ` ${names(accused.cleaners)} hides it.`;
      return text;
    };
    const clear = () => {
      for (const id of ["marked-passed", "marked-failed", "marked-accused", "cursor"]) byId(id).setAttribute("d", "");
      grid.classList.remove("pointing");
    };
    const show = (number, text) => {
      const accused = data.accused[number];
      grid.classList.add("pointing");
      byId("marked-passed").setAttribute("d", cells(number, (outcome) => !failing(outcome)));
      byId("marked-failed").setAttribute("d", cells(number, failing));
      byId("marked-accused").setAttribute("d", accused ? [...new Set(accused.sequences.flat())].map((other) => cells(other)).join("") : "");
      told.textContent = text ?? `${data.ids[number]}: ${data.verdicts[number]}, ${data.failures[number]} of ${data.trials[number]} trials failed.${story(number)}`;
    };
    const hold = (number) => {
      held = number;
      byId("release").disabled = held === null;
      if (held === null) clear(); else show(held);
    };
    const point = (y, x) => {
      const row = decoded(rows[y]);
      if (x >= row.cases.length) return;
      const number = row.cases[x];
      const text = `${data.ids[number]} ${words[row.outcomes[x]]} in round ${row.label}, as number ${x + 1} of ${row.cases.length}.${story(number)}`;
      if (held === null) show(number, text); else told.textContent = text;
    };
    const under = (event) => {
      const box = grid.getBoundingClientRect();
      const x = Math.floor(((event.clientX - box.left) / box.width) * columns);
      const y = Math.floor(((event.clientY - box.top) / box.height) * rows.length);
      return rows[y] && x >= 0 ? [y, x] : null;
    };
    grid.addEventListener("mousemove", (event) => {
      const at = under(event);
      if (at) point(...at);
    });
    grid.addEventListener("mouseleave", () => { if (held === null) clear(); });
    grid.addEventListener("click", (event) => {
      const at = under(event);
      const number = at && decoded(rows[at[0]]).cases[at[1]];
      hold(number === undefined || number === held ? null : number);
    });
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };
    scroll.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hold(null);
      if (event.key === "Enter" && cursor) return hold(decoded(rows[cursor[0]]).cases[cursor[1]]);
      const step = steps[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [y, x] = cursor ?? [0, -1];
      const row = Math.min(Math.max(y + step[0], 0), rows.length - 1);
      const last = decoded(rows[row]).cases.length - 1;
      cursor = [row, Math.min(Math.max(cursor ? x + step[1] : 0, 0), last)];
      byId("cursor").setAttribute("d", `M${cursor[1]} ${cursor[0]}h1v.84h-1z`);
      const width = grid.getBoundingClientRect().width / columns;
      const left = cursor[1] * width;
      if (left < scroll.scrollLeft || left + width > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = left - scroll.clientWidth / 2;
      point(...cursor);
    });

    // Zoom: from the whole width to 16 pixels a cell.
    byId("zoom").addEventListener("input", (event) => {
      const widest = Math.min(Math.max(columns * 16, scroll.clientWidth), 60000);
      const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / grid.getBoundingClientRect().width;
      const width = scroll.clientWidth * (widest / scroll.clientWidth) ** (event.target.value / 100);
      grid.style.width = event.target.value === "0" ? "" : `${width}px`;
      scroll.scrollLeft = middle * width - scroll.clientWidth / 2;
    });

    const find = byId("find");
    find.addEventListener("input", () => {
      const text = find.value.trim().toLowerCase();
      const matching = [];
      for (let number = 0; text && number < data.ids.length && matching.length < 20; number++) {
        if (data.ids[number].toLowerCase().includes(text)) matching.push(number);
      }
      byId("ids").replaceChildren(...matching.map((number) => new Option("", data.ids[number])));
      const exact = data.ids.indexOf(find.value.trim());
      hold(exact >= 0 ? exact : (matching[0] ?? null));
    });
    byId("release").addEventListener("click", () => { find.value = ""; hold(null); });

    // Names of cases in the findings point into the grid.
    for (const link of document.querySelectorAll("[data-case]")) {
      const number = Number(link.dataset.case);
      for (const event of ["mouseenter", "focus"]) link.addEventListener(event, () => { if (held === null) show(number); });
      for (const event of ["mouseleave", "blur"]) link.addEventListener(event, () => { if (held === null) clear(); });
      if (link.getAttribute("href") === "#rounds") link.addEventListener("click", () => hold(number));
    }
  }

  // The table of cases: filtered, sorted, and so many rows at a time.
  const STEP = 200;
  const body = byId("table").tBodies[0];
  const verdicts = [
    "broken", "order_dependent", "environment_dependent", "intermittent", "undiagnosed", "disagrees", "non_idempotent",
    "leaky", "unproven", "skipped", "stable",
  ];
  const keys = {
    id: (number) => data.ids[number],
    verdict: (number) => verdicts.indexOf(data.verdicts[number]),
    rate: (number) => (data.trials[number] ? data.failures[number] / data.trials[number] : 0),
    mean: (number) => data.mean[number],
    slowest: (number) => data.slowest[number],
  };
  let sort = { key: "verdict", up: true };
  let limit = STEP;
  const time = (micros) => {
    if (micros < 10000) return `${(micros / 1000).toFixed(1)} ms`;
    const millis = Math.floor(micros / 1000);
    const seconds = Math.floor(millis / 1000);
    if (seconds < 1) return `${millis} ms`;
    if (seconds < 60) return `${seconds}.${Math.floor((millis % 1000) / 100)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  };
  const pageOf = (id) => `#/case/${encodeURIComponent(id)}`;
  const cell = (row, name, text, className) => {
    const element = document.createElement(name);
    if (name === "th") element.scope = "row";
    element.textContent = text;
    if (className) element.className = className;
    row.append(element);
    return element;
  };
  const drawn = (number) => {
    const row = document.createElement("tr");
    const link = document.createElement("a");
    link.href = pageOf(data.ids[number]);
    link.textContent = data.ids[number];
    cell(row, "th", "").append(link);
    const verdict = document.createElement("span");
    verdict.className = `badge ${data.verdicts[number]}`;
    verdict.textContent = data.verdicts[number];
    cell(row, "td", "").append(verdict);
    cell(row, "td", `${data.failures[number]} of ${data.trials[number]}`, "number");
    cell(row, "td", time(data.mean[number]), "number");
    cell(row, "td", time(data.slowest[number]), "number");
    cell(row, "td", data.reasons[number] ?? "");
    return row;
  };
  const draw = () => {
    const text = byId("filter").value.trim().toLowerCase();
    const wanted = new Set([...document.querySelectorAll("#filters [name=verdict]:checked")].map((box) => box.value));
    const numbers = [];
    for (let number = 0; number < data.ids.length; number++) {
      if (wanted.has(data.verdicts[number]) && data.ids[number].toLowerCase().includes(text)) numbers.push(number);
    }
    const key = keys[sort.key];
    const sign = sort.up ? 1 : -1;
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    numbers.sort((a, b) => sign * compare(key(a), key(b)) || data.mean[b] - data.mean[a] || a - b);
    body.replaceChildren(...numbers.slice(0, limit).map(drawn));
    byId("shown").textContent = `${numbers.length.toLocaleString("en")} of ${data.ids.length.toLocaleString("en")} cases`;
    byId("more").hidden = numbers.length <= limit;
  };
  for (const header of document.querySelectorAll("#table [data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const key = header.dataset.sort;
      // Numbers are looked at from the largest, words from the first.
      sort = sort.key === key ? { key, up: !sort.up } : { key, up: key === "id" || key === "verdict" };
      for (const other of document.querySelectorAll("#table [data-sort]")) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
      draw();
    });
  }
  document.querySelector('#table [data-sort="verdict"]').setAttribute("aria-sort", "ascending");
  byId("filters").addEventListener("input", () => { limit = STEP; mark(null); draw(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => { limit += 5 * STEP; draw(); });

  // The chips at the top show the findings and the cases of one verdict; the same again shows all.
  const boxes = [...document.querySelectorAll("#filters [name=verdict]")];
  const usual = boxes.map((box) => box.checked);
  const mark = (verdict) => {
    for (const chip of document.querySelectorAll("a.filter")) {
      if (chip.dataset.verdict === verdict) chip.setAttribute("aria-current", "true"); else chip.removeAttribute("aria-current");
    }
    for (const part of document.querySelectorAll("#findings [data-verdict]")) {
      part.hidden = verdict !== null && part.dataset.verdict !== verdict;
    }
  };
  for (const chip of document.querySelectorAll("a.filter")) {
    chip.addEventListener("click", (event) => {
      event.preventDefault();
      const verdict = chip.hasAttribute("aria-current") ? null : chip.dataset.verdict;
      mark(verdict);
      boxes.forEach((box, at) => { box.checked = verdict === null ? usual[at] : box.value === verdict; });
      if (verdict !== null) byId("table").closest("details").open = true;
      limit = STEP;
      draw();
    });
  }
  draw();

  // A case's page: its finding, if it has one, and how it did round by round.
  const page = byId("page");
  const sections = [...document.querySelectorAll("main > section")].filter((section) => section !== page);
  let lent = null;
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const unfold = (card, open) => { for (const part of card.querySelectorAll("details.code")) part.open = open; };
  const giveBack = () => {
    if (lent) {
      lent.place.replaceWith(lent.card);
      unfold(lent.card, false);
    }
    lent = null;
  };
  const trials = (number) => {
    const found = [];
    for (const row of rows) {
      for (const at of decoded(row).places.get(number) ?? []) {
        const before = at ? data.ids[row.cases[at - 1]] : "nothing";
        found.push({ round: row.label, outcome: words[row.outcomes[at]], at: at + 1, of: row.cases.length, before });
      }
    }
    const good = (trial) => trial.outcome === "passed";
    return found.sort((a, b) => good(a) - good(b));
  };
  const showCase = (number) => {
    const back = element("a", "All findings and cases");
    back.href = "#findings";
    const heading = element("h2", data.ids[number]);
    const facts = element("p");
    facts.append(element("span", data.verdicts[number], `badge ${data.verdicts[number]}`),
      ` ${data.failures[number]} of ${data.trials[number]} trials failed; ${time(data.mean[number])} on average, ${time(data.slowest[number])} at most. ${data.reasons[number] ?? ""}`);
    page.replaceChildren(element("p"), heading, facts);
    page.firstChild.append(back);
    const card = data.cards[number] ? byId(`finding-${data.cards[number]}`) : null;
    if (card) {
      lent = { card, place: document.createComment("card") };
      card.replaceWith(lent.place);
      card.hidden = false;
      unfold(card, true);
      page.append(card);
    }
    // The card of its own finding names it once more.
    page.classList.toggle("own", card?.querySelector("h3 a").dataset.case === String(number));
    const list = trials(number);
    const table = element("table");
    const head = table.createTHead().insertRow();
    for (const name of ["Round", "Outcome", "Ran as", "Right after"]) {
      const cellOfHead = element("th", name);
      cellOfHead.scope = "col";
      head.append(cellOfHead);
    }
    const bodyOfPage = table.createTBody();
    for (const trial of list.slice(0, STEP)) {
      const row = bodyOfPage.insertRow();
      cell(row, "th", trial.round);
      for (const text of [trial.outcome, `${trial.at} of ${trial.of}`, trial.before]) cell(row, "td", text);
    }
    const wide = element("div", undefined, "wide");
    wide.tabIndex = 0;
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", "Rounds of this case");
    wide.append(table);
    page.append(element("h3", "Round by round, failures first"), wide);
    if (list.length > STEP) page.append(element("p", `${list.length - STEP} more in events.jsonl`));
  };
  const route = () => {
    giveBack();
    const match = location.hash.match(/^#\/case\/(.*)$/);
    let number = -1;
    // What stands behind the hash is anybody's.
    try { number = match ? data.ids.indexOf(decodeURIComponent(match[1])) : -1; } catch { number = -1; }
    page.hidden = number < 0;
    for (const section of sections) section.hidden = number >= 0;
    if (number >= 0) {
      showCase(number);
      scrollTo(0, page.offsetTop);
      return;
    }
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (const folded of [target.closest("details"), target.querySelector(":scope > details.whole")]) if (folded) folded.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", route);
  route();

  // The matrix tells the pair that is pointed at.
  const matrix = byId("matrix");
  const pairs = JSON.parse(byId("pairs").textContent);
  if (matrix && pairs) {
    const span = ([from, to]) => (from === to ? data.ids[from] : `${data.ids[from]} … ${data.ids[to]}`);
    matrix.addEventListener("mousemove", (event) => {
      const box = matrix.getBoundingClientRect();
      const at = (offset, size) => Math.min(Math.max(Math.floor((offset / size) * pairs.side), 0), pairs.side - 1);
      const row = at(event.clientY - box.top, box.height);
      const column = at(event.clientX - box.left, box.width);
      const share = pairs.shares[row * pairs.side + column];
      byId("pair").textContent = share === null ? "" : `${span(pairs.spans[row])} before ${span(pairs.spans[column])}: ${share} %`;
    });
  }
})();
