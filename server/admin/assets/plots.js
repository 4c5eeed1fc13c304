"use strict";
// Plots as SVG elements. What comes from the server is only ever set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const LONGEST_NAME = 22;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const called = (name) => name || "work space’s lines";
const shortened = (name) => name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;

function element(name, attributes, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function titled(name, attributes, title, ...inside) {
  return element(name, attributes, element("title", {}, title), ...inside);
}

// The top of an axis for shares: the next of a few round ones.
function ceiling(shares) {
  const most = Math.max(0, ...shares);
  return [0.1, 0.2, 0.4, 0.6, 0.8].find((round) => most <= round) ?? 1;
}

const measured = (groups) => groups.filter((group) => group.figures.acceptance != null);
const saying = (group) =>
  `${called(group.name)}: ${percent(group.figures.acceptance)} of ${group.figures.offered} proposals`;

// Acceptance by day: a curve with a dot for each day that has events; days lie as far apart as they are in time.
function dayPlot(groups) {
  const width = 1100, height = 230, left = 48, right = 24, above = 12, below = 26;
  const days = measured(groups).map((group) => ({ ...group, at: Date.parse(`${group.name}T00:00:00Z`) }));
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Acceptance by day" });
  if (!days.length) return svg;
  const first = days[0].at, span = days.at(-1).at - first;
  const most = ceiling(days.map((day) => day.figures.acceptance));
  const x = (day) => left + (width - left - right) * (span ? (day.at - first) / span : 0.5);
  const y = (share) => height - below - (height - above - below) * share / most;
  for (const share of [0, most / 2, most]) {
    svg.append(element("line", { class: "grid", x1: left, x2: width - right, y1: y(share), y2: y(share) }),
      element("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, `${Math.round(100 * share)} %`));
  }
  const points = days.map((day) => `${x(day).toFixed(1)},${y(day.figures.acceptance).toFixed(1)}`);
  svg.append(element("polyline", { class: "curve", points: points.join(" ") }));
  const every = Math.ceil(days.length / 8);
  days.forEach((day, number) => {
    svg.append(titled("circle", { class: "dot", cx: x(day), cy: y(day.figures.acceptance), r: 3.5 }, saying(day)));
    if (number % every === 0) {
      svg.append(element("text", { x: x(day), y: height - 8, "text-anchor": "middle" }, day.name.slice(5)));
    }
  });
  return svg;
}

// Acceptance by language or model: a bar for each, the most used first, at most twelve.
function barPlot(groups, label) {
  const shown = measured(groups).slice(0, 12);
  const width = 520, row = 26, left = 150, right = 116, room = width - left - right;
  const svg = element("svg", { viewBox: `0 0 ${width} ${Math.max(row * shown.length, 1)}`, role: "img",
    "aria-label": label });
  const most = ceiling(shown.map((group) => group.figures.acceptance));
  shown.forEach((group, number) => {
    const y = row * number, share = group.figures.acceptance;
    const bar = { y: y + 5, x: left, height: row - 10, rx: 3 };
    svg.append(
      titled("text", { class: "name", x: left - 8, y: y + 17, "text-anchor": "end" }, saying(group),
        shortened(called(group.name))),
      element("rect", { ...bar, class: "track", width: room }),
      titled("rect", { ...bar, class: "bar", width: room * share / most }, saying(group)),
      element("text", { x: width - right + 8, y: y + 17 }, `${percent(share)} of ${group.figures.offered}`));
  });
  return svg;
}
