"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  form.hidden = false;
  const fields = [...form.elements].filter((field) => field.name);
  const rows = [...document.querySelectorAll("tr[data-kind]")];
  const sections = [...document.querySelectorAll("main > section")];

  // A filtered page has an address: what is chosen stands behind the `#`.
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) field.value = wanted.get(field.name) ?? "";
  };
  const write = () => {
    const chosen = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    history.replaceState(null, "", chosen.size ? `#${chosen}` : location.pathname + location.search);
  };

  const fits = {
    week: (row, { since }) => !since || row.dataset.week >= since,
    case: (row, { text, verdict, since }) =>
      (!text || row.dataset.text.includes(text)) && (!verdict || row.dataset.verdict === verdict) && (!since || row.dataset.last >= since),
    run: (row, { text, branch, since }) =>
      (!text || row.dataset.text.includes(text)) && (!branch || row.dataset.branch === branch) && (!since || row.dataset.week >= since),
  };
  const draw = () => {
    const wanted = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    wanted.text = wanted.text.trim().toLowerCase();
    const shown = { case: 0, run: 0, week: 0 };
    const all = { case: 0, run: 0, week: 0 };
    for (const section of sections) section.hidden = Boolean(wanted.suite) && section.dataset.suite !== wanted.suite;
    for (const row of rows) {
      const fit = !row.closest("section").hidden && fits[row.dataset.kind](row, wanted);
      row.hidden = !fit;
      all[row.dataset.kind] += 1;
      shown[row.dataset.kind] += fit ? 1 : 0;
    }
    document.getElementById("shown").textContent =
      `${shown.case} of ${all.case} cases, ${shown.run} of ${all.run} runs`;
  };
  form.addEventListener("input", () => { write(); draw(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => { read(); draw(); });
  read();
  draw();
})();
