// What report.html's script makes elements with: numbers as texts, tables, lists and curves. page.js follows in the same script.
// deno-lint-ignore-file no-unused-vars -- page.js uses them
"use strict";

/** An element with attributes and children, which are elements or texts. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Numbers ------------------------------------------------------------------------------------------------------------

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** The number that a cell begins with, in its unit; null if it begins with none. */
function numberIn(text) {
  const match = text.trim().replace(/−/g, "-").replace(/,/g, "").match(
    /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: (B|[KMG]iB))?/,
  );
  return match && Number(match[1]) * (UNITS[match[2]] ?? 1);
}

function bytes(value) {
  const unit = Object.keys(UNITS).findLast((name) => value >= UNITS[name]) ?? "B";
  return `${(value / UNITS[unit]).toFixed(unit === "B" ? 0 : 1)} ${unit}`;
}

function measured({ value, reason }, show) {
  return value === null ? `not measured: ${reason}` : show(value);
}

function score(value, unit) {
  return value === undefined ? "–" : unit === "fraction" ? (100 * value).toFixed(1) : value.toFixed(3);
}

// Elements -----------------------------------------------------------------------------------------------------------

/** A table of texts and elements in a region that scrolls. */
function table(caption, header, rows) {
  const cell = (content, index) =>
    index === 0 ? make("th", { scope: "row" }, content) : make("td", { class: "right" }, content);
  return make(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", {}, caption),
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          ...header.map((name, index) =>
            make(
              "th",
              { scope: "col", class: index === 0 ? "left" : "right" },
              make("button", { type: "button" }, name),
            )
          ),
        ),
      ),
      make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map(cell)))),
    ),
  );
}

function list(pairs) {
  return make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

// Curves -------------------------------------------------------------------------------------------------------------

/** A line through values at equal distances, with the least and the greatest value at the axis. */
function curve(name, values, first, last, show) {
  const svg = (element, attributes, text = "") => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", element);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    return node;
  };
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const x = (index) => values.length === 1 ? 385 : 60 + 650 * index / (values.length - 1);
  const y = (value) => most === least ? 90 : 160 - 140 * (value - least) / (most - least);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const root = svg("svg", {
    viewBox: "0 0 720 200",
    class: "figure",
    role: "img",
    "font-size": "12",
    fill: "currentColor",
  });
  root.append(
    svg(
      "title",
      {},
      `${name}: from ${show(values[0])} to ${show(values.at(-1))}, least ${show(least)}, greatest ${show(most)}`,
    ),
    svg("path", { d: "M60,12V168H714", fill: "none", stroke: "currentColor", "stroke-opacity": "0.5" }),
    svg("polyline", { points: points.join(" "), fill: "none", stroke: "#56a0d9", "stroke-width": "2" }),
    ...points.map((point) => point.split(",")).filter(() => values.length <= 30)
      .map(([cx, cy]) => svg("circle", { cx, cy, r: "3", fill: "#56a0d9" })),
    svg("text", { x: "54", y: y(most) + 4, "text-anchor": "end" }, show(most)),
    ...most === least ? [] : [svg("text", { x: "54", y: y(least) + 4, "text-anchor": "end" }, show(least))],
    svg("text", { x: "60", y: "186" }, first),
    svg("text", { x: "714", y: "186", "text-anchor": "end" }, last),
  );
  return make(
    "figure",
    {},
    make("figcaption", {}, name),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": name }, root),
  );
}
