/**
 * Draws figures with Observable Plot, without a browser.
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { showName, WIDTH } from "./style.ts";

/** A figure. */
export interface Figure {
  /** What it shows: "score-by-parameters". */
  kind: string;
  /** Its title. */
  title: string;
  /** How to read it. */
  caption: string;
  /** What it shows, in words, for those who cannot see it. */
  values: string;
  /** The element `svg`, without colours of text and ground, which what is around it decides. */
  svg: string;
}

/** What is drawn. */
export interface Sketch extends Omit<Figure, "svg"> {
  /** Options of Plot, of which these are used. */
  plot: Plot.PlotOptions;
}

/** An empty page: Plot makes its elements there. */
const { document } = parseHTML("<!doctype html><body></body>") as unknown as {
  document: { createElementNS(space: string, name: string): SvgElement };
};

/** The least of an element of `linkedom` that is needed here. */
interface SvgElement {
  outerHTML: string;
  textContent: string;
  attributes: { name: string; value: string }[];
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): SvgElement[];
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...elements: SvgElement[]): void;
  prepend(...elements: SvgElement[]): void;
  remove(): void;
}

/** Draws a figure. The same sketch gives the same bytes. */
export function draw({ kind, title: words, caption, values, plot }: Sketch): Figure {
  const title = words.slice(0, 1).toUpperCase() + words.slice(1);
  const svg = Plot.plot({ document, width: WIDTH, ...plot } as unknown as Plot.PlotOptions) as unknown as SvgElement;
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const element of svg.querySelectorAll("*")) tidy(element);
  const height = Number(svg.getAttribute("height")) + TITLE_HEIGHT;
  const root = {
    xmlns: SVG,
    role: "img",
    class: "figure",
    "font-size": "12",
    height: String(height),
    viewBox: `0 ${-TITLE_HEIGHT} ${WIDTH} ${height}`,
  };
  for (const [key, value] of Object.entries(root)) svg.setAttribute(key, value);
  const heading = { x: "4", y: String(8 - TITLE_HEIGHT), dy: "0.71em", "text-anchor": "start", "font-weight": "bold" };
  svg.prepend(textElement("title", title), textElement("desc", `${caption} ${values}`));
  svg.append(textElement("text", showName(title, 100), heading));
  return { kind, title, caption, values, svg: svg.outerHTML };
}

/** Namespace of SVG. */
const SVG = "http://www.w3.org/2000/svg";

/** Room above a figure for its title. */
const TITLE_HEIGHT = 32;

function textElement(name: string, text: string, attributes: Record<string, string> = {}): SvgElement {
  const element = document.createElementNS(SVG, name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Rounds positions to hundredths of a pixel, and leaves out what a picture does not say. */
function tidy(element: SvgElement): void {
  for (const { name, value } of [...element.attributes]) {
    if (name.startsWith("aria-")) element.removeAttribute(name);
    else if (/\d\.\d{3}/.test(value)) {
      element.setAttribute(
        name,
        value.replace(/-?\d*\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
      );
    }
  }
}

/** Colours of the text and the ground of a figure that stands alone, in light and in dark surroundings. */
const COLOURS =
  "<style>.figure{color:#1b1b1b;background:#fff}@media (prefers-color-scheme:dark){.figure{color:#e6e6e6;background:#151515}}</style>";

/** The text of a file with the figure. */
export function svgFile({ svg }: Figure): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace("</desc>", `</desc>${COLOURS}`)}\n`;
}

/** Marks of a legend at the right of a figure's frame, from its top on: a symbol and a name for each entry. */
export function legend(entries: readonly { name: string; colour: string; symbol: string }[]): Plot.Markish[] {
  return entries.flatMap(({ name, colour, symbol }, index) => {
    const place = { frameAnchor: "top-right" as const, dy: 8 + 20 * index };
    return [
      Plot.dot([0], { ...place, dx: 20, fill: colour, symbol: symbol as Plot.SymbolType, r: 5 }),
      Plot.text([name], { ...place, dx: 34, textAnchor: "start", lineAnchor: "middle" }),
    ];
  });
}
