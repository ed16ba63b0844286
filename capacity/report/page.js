"use strict";
/* The page lives without this script; with it, it can be zoomed, filtered and sorted. */
(() => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("scripted");

  /** Make an element; text is never read as HTML. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  // ------------------------------------------------------------------------ tables

  const data = JSON.parse($("data").textContent);
  const tables = {};
  for (const [name, columns] of Object.entries(data)) {
    const by = Object.fromEntries(columns.map((column, number) => [column.name, number]));
    const length = columns[0].rows.length;
    const cell = (row, column) => columns[column].values[columns[column].rows[row]];
    const get = (row, title) => cell(row, by[title]);
    tables[name] = { name, columns, by, length, cell, get };
  }
  const rowsWhere = (table, title, value) => {
    const column = table.columns[table.by[title]];
    const wanted = column.values.indexOf(value);
    return [...column.rows.keys()].filter((row) => column.rows[row] === wanted);
  };

  const spaced = (date) => date.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)$/, "$1 $2");
  const grouped = (number) => Number(number).toLocaleString("en-US", { maximumFractionDigits: 2 });
  function shown(column, text) {
    if (text === "") return "";
    if (column.kind === "money") return grouped(text);
    if (column.kind === "share") return `${(100 * Number(text)).toFixed(1)} %`;
    if (column.kind === "number") return grouped(text);
    return spaced(text);
  }
  const isNumber = (column) => column.kind !== "text";
  const collator = new Intl.Collator("en", { numeric: true });
  const LATE = new Set(["late", "unserved", "late_days"]);
  const LONG = new Set(["note"]);

  // ----------------------------------------------------------------------- filters

  const filters = $("filters");
  const chosen = () => {
    const values = new FormData(filters);
    const told = (name) => values.get(name) ?? "";
    return {
      site: told("site"), suite: told("suite"), programme: told("programme"),
      kind: told("kind"), text: told("text").trim().toLowerCase(), late: values.has("late"),
    };
  };
  const campaigns = tables.campaigns;
  const batchesOf = new Map();
  const made = tables.batches;
  for (let row = 0; row < made.length; row += 1) {
    const id = made.get(row, "campaign");
    if (id) batchesOf.set(id, [...(batchesOf.get(id) ?? []), row]);
  }
  const words = (table, row) =>
    table.columns.map((column, number) => table.cell(row, number)).join(" ").toLowerCase();
  const texts = Array.from({ length: campaigns.length }, (_, row) => {
    const own = batchesOf.get(campaigns.get(row, "campaign")) ?? [];
    const served = new Set(own.flatMap((each) => [made.get(each, "order"), made.get(each, "client")]));
    return `${words(campaigns, row)} ${[...served].join(" ").toLowerCase()}`;
  });

  function passes(bar, wanted) {
    const row = Number(bar.dataset.number);
    return ["site", "suite", "programme", "kind"].every(
      (name) => !wanted[name] || campaigns.get(row, name) === wanted[name])
      && (!wanted.late || bar.classList.contains("late"))
      && wanted.text.split(/\s+/).every((word) => texts[row].includes(word));
  }

  const bars = all("#chart .bar");
  const barOf = new Map(bars.map((bar) => [bar.dataset.number, bar]));
  function filter() {
    const wanted = chosen();
    let count = 0;
    let batches = 0;
    for (const bar of bars) {
      const on = passes(bar, wanted);
      bar.classList.toggle("off", !on);
      if (on) {
        count += 1;
        batches += Number(campaigns.get(Number(bar.dataset.number), "batches"));
      }
      bar.setAttribute("aria-hidden", String(!on));
    }
    for (const change of all("#chart .changeover")) {
      change.classList.toggle("off", barOf.get(change.dataset.for).classList.contains("off"));
    }
    stack(wanted);
    for (const swatch of all(".swatch")) {
      swatch.setAttribute("aria-pressed", String(swatch.dataset.programme === wanted.programme));
    }
    for (const row of all(".fullness tbody tr")) {
      const at = row.dataset.suite;
      row.hidden = Boolean((wanted.site && row.dataset.site !== wanted.site)
        || (wanted.suite && at !== wanted.suite));
    }
    $("counted").textContent = count === bars.length
      ? `${grouped(count)} campaigns, ${grouped(batches)} batches`
      : `${grouped(count)} of ${grouped(bars.length)} campaigns, ${grouped(batches)} batches`;
    rove();
    draw();
  }

  /** Put the rows that are left below each other. */
  function stack(wanted) {
    let y = Number(chart.querySelector(".flags").getAttribute("height"));
    const open = (element) => (!wanted.site || element.dataset.site === wanted.site)
      && (!wanted.suite || element.dataset.suite === wanted.suite);
    const kept = new Set(all("#chart > .row").filter(open).map((row) => row.dataset.site));
    const names = all("#names > div:not(.flags)");
    for (const [number, element] of all("#chart > .site, #chart > .row").entries()) {
      const isSite = element.classList.contains("site");
      const stays = isSite ? kept.has(element.dataset.site) : open(element);
      element.toggleAttribute("data-gone", !stays);
      element.setAttribute("display", stays ? "inline" : "none");
      names[number].hidden = !stays;
      if (stays) {
        element.setAttribute("y", y);
        y += Number(element.getAttribute("height"));
      }
    }
    chart.setAttribute("height", y);
  }

  // -------------------------------------------------------------------------- zoom

  const pane = $("pane");
  const chart = $("chart");
  const axis = $("axis");
  const days = Number(chart.dataset.days);
  const LEAST = 864;
  let zoom = 1;

  const room = () => Math.max(pane.clientWidth - $("names").offsetWidth, 60);
  const base = () => Math.max(room(), LEAST);
  const wide = () => base() * zoom;
  const most = () => Math.max(1, (days * 24) / base());

  /** Zoom so that the moment below `at` stays where it is. */
  function zoomTo(wanted, at = room() / 2) {
    const share = (pane.scrollLeft + at) / wide();
    zoom = Math.min(Math.max(wanted, 1), most());
    lay();
    pane.scrollLeft = share * wide() - at;
    follow();
  }

  function lay() {
    pane.style.setProperty("--wide", `${wide()}px`);
    fit(wide());
  }

  /** Show the ticks and labels that have room. */
  function fit(width) {
    const perDay = width / days;
    const weekly = perDay * 7 >= 24;
    const upper = weekly ? "full_months" : "years";
    const lower = weekly ? "weeks" : perDay * 30 >= 30 ? "months" : perDay * 91 >= 26 ? "quarters" : "";
    for (const ticks of all(".ticks", axis)) {
      const on = ticks.classList.contains(upper) || (lower && ticks.classList.contains(lower));
      ticks.style.display = on ? "inline" : "none";
    }
    for (const bar of bars) label(bar, (width * Number(bar.dataset.width)) / 100);
    for (const said of all(".said", chart)) {
      const needs = said.textContent.length * (said.querySelector(".rate") ? 5.5 : 6.6) + 8;
      const has = (width * parseFloat(said.getAttribute("width"))) / 100;
      said.style.display = needs <= has ? "inline" : "none";
    }
    let free = -Infinity;
    for (const end of all(".end", chart)) {
      const at = (width * Number(end.dataset.x)) / 100;
      const text = end.querySelector("text");
      const long = text.textContent.length * 6.2 + 12;
      const left = text.getAttribute("text-anchor") === "end" ? at - long : at;
      text.style.display = left >= free ? "inline" : "none";
      if (left >= free) free = left + long;
    }
  }

  const measured = new Map();
  const pen = document.createElement("canvas").getContext("2d");
  function length(text) {
    if (!measured.has(text)) {
      pen.font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
      measured.set(text, pen.measureText(text).width);
    }
    return measured.get(text);
  }

  const halves = new Map();
  /** Programme and batches in one line, in two, or the programme alone, as there is room. */
  function label(bar, has) {
    const text = bar.querySelector(".label");
    const [who, how] = text.children;
    const [one, two] = [length(who.textContent), length(how.textContent.trim())];
    const line = one + two + 4 <= has - 6;
    const lines = Math.max(one, two) <= has - 4;
    text.style.display = line || lines ? "inline" : "none";
    text.setAttribute("y", line ? "18.5" : "12");
    text.classList.toggle("double", !line);
    halves.set(bar, (line ? one + two + 8 : Math.max(one, two) + 4) / 2);
    if (line) how.removeAttribute("dy");
    else how.setAttribute("dy", "12");
    centre(text, "50%");
  }
  function centre(text, x) {
    text.setAttribute("x", x);
    for (const part of text.children) {
      if (text.classList.contains("double")) part.setAttribute("x", x);
      else part.removeAttribute("x");
    }
  }

  /** Names of years, and of bars that are cut off, stay in sight while these are. */
  function follow() {
    const left = pane.scrollLeft;
    const right = left + room();
    for (const bar of bars) {
      const from = (wide() * Number(bar.dataset.x)) / 100;
      const to = from + (wide() * Number(bar.dataset.width)) / 100;
      const cut = to > left && from < right && (from < left || to > right);
      if (!cut && !bar.classList.contains("cut")) continue;
      bar.classList.toggle("cut", cut);
      const seen = (Math.max(from, left) + Math.min(to, right)) / 2 - from;
      const half = halves.get(bar);
      const middle = Math.min(Math.max(seen, half), to - from - half);
      centre(bar.querySelector(".label"), cut ? String(middle) : "50%");
    }
    for (const text of all("text.top", axis)) {
      const from = (wide() * parseFloat(text.parentNode.getAttribute("x"))) / 100;
      const has = (wide() * parseFloat(text.parentNode.getAttribute("width"))) / 100;
      const last = Math.max(0, has - text.textContent.length * 8 - 8);
      text.setAttribute("x", Math.min(Math.max(0, left - from), last) + 6);
    }
  }

  function show(x, width) {
    const wanted = (room() / base()) * (100 / width);
    zoom = Math.min(Math.max(wanted, 1), most());
    lay();
    pane.scrollLeft = (wide() * x) / 100;
    follow();
  }

  $("in").addEventListener("click", () => zoomTo(zoom * 1.5));
  $("out").addEventListener("click", () => zoomTo(zoom / 1.5));
  $("fit").addEventListener("click", () => zoomTo(1));
  for (const year of all(".zoom .year")) {
    year.addEventListener("click", () => show(Number(year.dataset.x), Number(year.dataset.width)));
  }
  pane.addEventListener("scroll", follow, { passive: true });
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = event.clientX - pane.getBoundingClientRect().left - $("names").offsetWidth;
    zoomTo(zoom * Math.exp(-event.deltaY / 300), at);
  }, { passive: false });
  new ResizeObserver(() => { lay(); follow(); }).observe(pane);

  let grip = null;
  let dragged = false;
  pane.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (event.pointerType !== "mouse" || event.button !== 0 || !event.target.closest("#chart, #axis")) return;
    grip = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop };
  });
  window.addEventListener("pointermove", (event) => {
    if (!grip) return;
    if (!dragged && Math.abs(event.clientX - grip.x) < 4) return;
    dragged = true;
    pane.classList.add("dragged");
    hide();
    pane.scrollLeft = grip.left - (event.clientX - grip.x);
    pane.scrollTop = grip.top - (event.clientY - grip.y);
  });
  window.addEventListener("pointerup", () => {
    grip = null;
    pane.classList.remove("dragged");
  });
  let folded = [];
  window.addEventListener("beforeprint", () => {
    fit(920);
    for (const text of all(".label", chart)) centre(text, "50%");
    folded = all("details:not([open])");
    for (const part of folded) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    lay();
    follow();
    for (const part of folded) part.open = false;
  });

  // ----------------------------------------------------------------- tip and details

  const tip = $("tip");
  const hide = () => { tip.hidden = true; };
  function place(box) {
    tip.hidden = false;
    const own = tip.getBoundingClientRect();
    const below = box.bottom + 8 + own.height < window.innerHeight;
    const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), window.innerWidth - own.width - 8);
    tip.style.left = `${left}px`;
    tip.style.top = `${below ? box.bottom + 8 : Math.max(8, box.top - own.height - 8)}px`;
  }
  const part = (row) => (title) => campaigns.get(row, title);
  const plural = (count, one, many) => `${grouped(count)} ${Number(count) === 1 ? one : many}`;
  function facts(row) {
    const get = part(row);
    const own = batchesOf.get(get("campaign")) ?? [];
    const late = own.filter((each) => Number(made.get(each, "late_days")) > 0);
    const worst = Math.max(0, ...late.map((each) => Number(made.get(each, "late_days"))));
    return { get, own, late, worst };
  }
  function tell(bar) {
    const { get, late, worst } = facts(Number(bar.dataset.number));
    const lines = [
      `${get("kind").replace("_", " ")}, ${get("step")}, ${get("suite")}`,
      `${spaced(get("start"))} to ${spaced(get("end"))}`,
    ];
    if (get("changeover_start")) lines.push(`changeover ${plural(get("changeover_days"), "day", "days")} before`);
    if (bar.classList.contains("locked")) lines.push("locked");
    if (late.length) lines.push(`${plural(late.length, "batch", "batches")} late, up to ${plural(worst, "day", "days")}`);
    tip.replaceChildren(make("b", {}, `${get("programme")} \u00d7${get("batches")}`), lines.join("\n"));
    place(bar.querySelector(".fill").getBoundingClientRect());
  }
  document.addEventListener("pointerover", (event) => {
    if (dragged && grip) return;
    const bar = event.target.closest?.(".bar");
    const other = event.target.closest?.("[data-tip]");
    if (bar) tell(bar);
    else if (other) {
      tip.replaceChildren(other.dataset.tip);
      place(other.getBoundingClientRect());
    } else hide();
  });
  document.addEventListener("pointerleave", hide);
  window.addEventListener("scroll", hide, { passive: true });

  const details = $("details");
  let opener = null;
  const SHOWN = ["batch", "order", "market", "due", "available", "late_days", "start", "out", "released"];
  function open(bar) {
    const { get, own, late, worst } = facts(Number(bar.dataset.number));
    const days = (Date.parse(get("end")) - Date.parse(get("start"))) / 86400000;
    const rows = [
      ["campaign", get("campaign")], ["suite", `${get("suite")}, ${get("site")}`],
      ["kind", get("kind").replace("_", " ")], ["step", get("step")],
      ["client", own.length ? made.get(own[0], "client") : ""],
      ["changeover", get("changeover_start")
        ? `from ${spaced(get("changeover_start"))}, ${plural(get("changeover_days"), "day", "days")}` : "none"],
      ["start", spaced(get("start"))], ["first batch out", spaced(get("first_out"))],
      ["end", `${spaced(get("end"))}, after ${plural(days, "day", "days")}`],
      ["late", late.length ? `${plural(late.length, "batch", "batches")}, up to ${plural(worst, "day", "days")}` : "none"],
    ];
    if (bar.classList.contains("locked")) rows.push(["locked", "given by the scenario"]);
    const list = make("dl", { class: "facts" });
    for (const [name, value] of rows) list.append(make("dt", {}, name), make("dd", {}, value));
    $("details-body").replaceChildren(
      make("h2", { id: "details-title" }, `${get("programme")} \u00d7${get("batches")}`),
      list, make("h3", {}, "Batches"),
      make("div", { class: "scroll sheet" }, sheet(made, own, SHOWN.map((title) => made.by[title]), null)));
    opener = bar;
    hide();
    if (!details.open) details.show();
    details.scrollTop = 0;
    $("close").focus();
  }
  $("close").addEventListener("click", () => details.close());
  details.addEventListener("close", () => {
    opener?.focus({ preventScroll: true });
    hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hide();
    if (details.open) {
      event.preventDefault();
      details.close();
    }
  });

  // ---------------------------------------------------------------------- keyboard

  const middle = (bar) => Number(bar.dataset.x) + Number(bar.dataset.width) / 2;
  const live = (row) => all(".bar:not(.off)", row);
  const liveRows = () => all("#chart > .row:not([data-gone])").filter((row) => live(row).length);

  /** One bar can be reached by Tab, the others from it by arrows. */
  function rove(to) {
    const reachable = liveRows().flatMap(live);
    const next = to ?? reachable.find((bar) => bar.tabIndex === 0) ?? reachable[0];
    for (const bar of bars) bar.tabIndex = bar === next ? 0 : -1;
  }
  function step(bar, key) {
    const row = bar.closest(".row");
    const mates = live(row);
    const at = mates.indexOf(bar);
    if (key === "ArrowRight") return mates[at + 1];
    if (key === "ArrowLeft") return mates[at - 1];
    if (key === "Home") return mates[0];
    if (key === "End") return mates.at(-1);
    const rows = liveRows();
    const next = rows[rows.indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
    const distance = (other) => Math.abs(middle(other) - middle(bar));
    return next && live(next).reduce((best, other) => (distance(other) < distance(best) ? other : best));
  }
  /** Bring a bar into the pane without moving the page more than need be. */
  function reveal(bar) {
    const left = (wide() * Number(bar.dataset.x)) / 100;
    const right = left + (wide() * Number(bar.dataset.width)) / 100;
    if (left < pane.scrollLeft) pane.scrollLeft = left - 24;
    else if (right > pane.scrollLeft + room()) pane.scrollLeft = Math.min(left - 24, right - room() + 24);
    bar.closest(".row").scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }
  chart.addEventListener("keydown", (event) => {
    const bar = event.target.closest(".bar");
    if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      Enter: () => open(bar), " ": () => open(bar),
      "+": () => { zoomTo(zoom * 1.5); reveal(bar); tell(bar); },
      "=": () => { zoomTo(zoom * 1.5); reveal(bar); tell(bar); },
      "-": () => { zoomTo(zoom / 1.5); reveal(bar); tell(bar); },
      0: () => { zoomTo(1); reveal(bar); tell(bar); },
    };
    if (["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      step(bar, event.key)?.focus({ preventScroll: true });
    } else if (Object.hasOwn(acts, event.key)) {
      event.preventDefault();
      acts[event.key]();
    }
  });
  // Not on the chart itself: a drawing that listens for focus becomes a stop for Tab.
  pane.addEventListener("focusin", (event) => {
    const bar = event.target.closest(".bar");
    if (!bar) return;
    rove(bar);
    if (grip) return;
    reveal(bar);
    tell(bar);
  });
  pane.addEventListener("focusout", hide);
  chart.addEventListener("click", (event) => {
    const bar = event.target.closest(".bar");
    if (bar && !dragged) open(bar);
  });

  // ------------------------------------------------------------------------- tables

  const view = { table: "orders", sort: null, down: false, rows: [] };

  /** Rows as a table; `sorted` is called with a column when its head is pressed. */
  function sheet(table, rows, numbers, sorted) {
    const head = make("tr");
    for (const number of numbers) {
      const column = table.columns[number];
      const title = column.name.replaceAll("_", " ");
      const cell = make("th", { scope: "col", class: isNumber(column) ? "number" : null, title: column.means });
      if (sorted) {
        const order = view.sort === number ? (view.down ? "descending" : "ascending") : "none";
        cell.setAttribute("aria-sort", order);
        const button = make("button", { type: "button" }, title);
        button.addEventListener("click", () => sorted(number));
        cell.append(button);
      } else cell.append(make("span", {}, title));
      head.append(cell);
    }
    const body = make("tbody");
    for (const row of rows) {
      const line = make("tr");
      for (const number of numbers) {
        const column = table.columns[number];
        const text = table.cell(row, number);
        const kinds = [
          isNumber(column) ? "number" : "", LONG.has(column.name) ? "long" : "",
          LATE.has(column.name) && Number(text) > 0 ? "bad" : "",
        ].filter(Boolean).join(" ");
        line.append(make("td", { class: kinds || null }, shown(column, text)));
      }
      body.append(line);
    }
    return make("table", {}, make("thead", {}, head), body);
  }

  function found(table) {
    const wanted = chosen();
    const asked = $("find").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [];
    for (let row = 0; row < table.length; row += 1) {
      const fits = ["site", "suite", "programme", "kind"].every((name) => {
        if (!wanted[name] || !(name in table.by)) return true;
        if (name === "kind" && (table.name === "load" || table.name === "standings")) return true;
        return table.get(row, name) === wanted[name];
      });
      if (fits && asked.every((word) => holds(table, row, word))) rows.push(row);
    }
    return rows;
  }
  function holds(table, row, word) {
    const [, title, text] = word.match(/^([a-z_]+):(.+)$/) ?? [];
    if (title in table.by) return table.get(row, title).toLowerCase() === text;
    return words(table, row).includes(word);
  }
  function arranged(table, rows) {
    if (view.sort === null) return rows;
    const column = table.columns[view.sort];
    const sign = view.down ? -1 : 1;
    const compare = isNumber(column) ? (a, b) => Number(a) - Number(b) : collator.compare;
    return rows.toSorted((one, two) => {
      const [a, b] = [table.cell(one, view.sort), table.cell(two, view.sort)];
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * compare(a, b);
    });
  }
  function draw() {
    const table = tables[view.table];
    view.rows = arranged(table, found(table));
    const numbers = [...table.columns.keys()];
    const focused = [...$("sheet").querySelectorAll("th button")].indexOf(document.activeElement);
    $("sheet").replaceChildren(sheet(table, view.rows, numbers, (number) => {
      view.down = view.sort === number && !view.down;
      view.sort = number;
      draw();
    }));
    if (!view.rows.length) $("sheet").append(make("p", { class: "empty" }, "No row fits the filters."));
    if (focused >= 0) all("th button", $("sheet"))[focused].focus();
    $("rows").textContent = view.rows.length === table.length
      ? plural(table.length, "row", "rows")
      : `${grouped(view.rows.length)} of ${plural(table.length, "row", "rows")}`;
    const wanted = chosen();
    const names = ["site", "suite", "programme", "kind"];
    if (names.some((name) => wanted[name] && name in table.by)) $("rows").textContent += ", filtered as the plan";
  }
  function turn(name) {
    if (view.table !== name) Object.assign(view, { table: name, sort: null, down: false });
    for (const tab of all(".tabs button")) {
      const on = tab.dataset.table === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    $("sheet").setAttribute("aria-labelledby", `tab-${name}`);
    $("sheet").scrollTo(0, 0);
    draw();
  }
  const tabs = all(".tabs button");
  for (const [number, tab] of tabs.entries()) {
    tab.addEventListener("click", () => { $("find").value = ""; turn(tab.dataset.table); });
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = tabs[(number + by + tabs.length) % tabs.length];
      next.focus();
      next.click();
    });
  }
  for (const link of all("[data-find]")) {
    link.addEventListener("click", () => {
      $("find").value = link.dataset.find;
      turn(link.dataset.in ?? "orders");
      $("tables").scrollIntoView();
      $("find").focus({ preventScroll: true });
    });
  }
  $("find").addEventListener("input", draw);

  /** The rows that are shown, as spreadsheets paste them; dates with a space, not a T. */
  function tabbed() {
    const table = tables[view.table];
    const quoted = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const line = (cells) => cells.map(quoted).join("\t");
    const head = line(table.columns.map((column) => column.name));
    const lines = view.rows.map((row) =>
      line(table.columns.map((_, number) => spaced(table.cell(row, number)))));
    return [head, ...lines].join("\n");
  }
  async function copy() {
    const text = tabbed();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { class: "unseen" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      $("copy").focus();
    }
    $("rows").textContent = `${plural(view.rows.length, "row", "rows")} copied`;
  }
  $("copy").addEventListener("click", copy);

  filters.addEventListener("input", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(filter));
  for (const swatch of all(".swatch")) {
    swatch.addEventListener("click", () => {
      const select = filters.elements.programme;
      select.value = select.value === swatch.dataset.programme ? "" : swatch.dataset.programme;
      filter();
    });
  }
  lay();
  follow();
  turn("orders");
  filter();
})();
