// What the page asks this server, and where it shows the answers. What this server does not have (the canary, the
// queue) is left out.

const byId = (id) => document.getElementById(id);
const whole = (number) => number.toLocaleString("en");
const time = (ms) => ms == null ? "–" : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
const share = (value) => value == null ? "–" : percent(value);

const COLUMNS = [
  ["offered", whole, "offered"], ["accepted", whole, "accepted"], ["acceptance", share, "acceptance"],
  ["accepted_inferred", whole, "accepted, inferred"], ["partly_accepted", whole, "partly, inferred"],
  ["characters", whole, "characters"], ["kept_30_s", share, "kept after 30 s"], ["kept_5_min", share, "after 5 min"],
  ["answer_p50_ms", time, "answer, p50"], ["answer_p95_ms", time, "answer, p95"],
];

let key = sessionStorage.getItem("key") ?? "";

class Refused extends Error {}

// The JSON of a path; `null` where this server does not have it.
async function asked(path) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const answer = await fetch(path, { headers, cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) throw new Refused();
  if (answer.status === 404) return null;
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message ?? `HTTP ${answer.status}`);
  return body;
}

function made(name, ...inside) {
  const one = document.createElement(name);
  one.append(...inside);
  return one;
}

function tabulate(table, groups) {
  const head = made("tr", ...["", ...COLUMNS.map(([, , title]) => title)].map((text) => made("th", text)));
  const rows = groups.map(({ name, figures }) => made("tr", made("td", called(name)),
    ...COLUMNS.map(([field, written]) => made("td", written(figures[field])))));
  table.replaceChildren(made("thead", head), made("tbody", ...rows));
}

function showUsage(usage) {
  byId("totals").replaceChildren(...COLUMNS.map(([field, written, title]) =>
    made("div", made("dt", title), made("dd", written(usage.total[field])))));
  byId("none").hidden = usage.total.offered > 0;
  byId("days-plot").replaceChildren(dayPlot(usage.days));
  byId("languages-plot").replaceChildren(barPlot(usage.languages, "Acceptance by language"));
  byId("models-plot").replaceChildren(barPlot(usage.models, "Acceptance by model"));
  tabulate(byId("languages"), usage.languages);
  tabulate(byId("models"), usage.models);
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const worded = (field) => field.replaceAll("_", " ");

// A value of any shape: objects of one kind as a table with a row for each, one object as its pairs, what is deeper
// as text.
function drawn(value, depth = 0) {
  const values = value !== null && typeof value === "object" ? Object.values(value) : [];
  if (depth < 2 && values.length && values.every(isObject)) {
    const fields = [...new Set(values.flatMap(Object.keys))].filter((field) => values.some((each) => says(each[field])));
    const named = !Array.isArray(value);
    const rows = Object.entries(value).map(([name, each]) => made("tr", ...(named ? [made("td", name)] : []),
      ...fields.map((field) => made("td", written(each[field])))));
    const head = made("tr", ...(named ? [made("th", "")] : []), ...fields.map((field) => made("th", worded(field))));
    return made("table", made("thead", head), made("tbody", ...rows));
  }
  if (depth === 0 && isObject(value)) {
    return made("div", ...Object.entries(value).filter(([, each]) => says(each)).flatMap(([field, each]) =>
      typeof each === "object" ? [made("h3", worded(field)), drawn(each, 1)]
        : [made("p", `${worded(field)}: ${written(each)}`)]));
  }
  return made("p", written(value));
}

// Whether there is anything to show: not nothing, and nothing empty.
function says(value) {
  if (value == null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function written(value) {
  if (!says(value)) return "–";
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (isObject(value)) return Object.entries(value).map(([field, each]) => `${worded(field)} ${written(each)}`).join(", ");
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : String(value);
}

async function showOther(section, path) {
  const answer = await asked(path).catch((error) => {
    if (error instanceof Refused) throw error;
    return { trouble: error.message };
  });
  byId(section).hidden = answer === null;
  if (answer !== null) byId(`${section}-table`).replaceChildren(drawn(answer));
}

async function show() {
  byId("said").textContent = "asking …";
  try {
    const usage = await asked(`/admin/v1/usage?days=${byId("days").value}`);
    await Promise.all([showOther("served", "/admin/v1/models"), showOther("queue", "/admin/v1/queue")]);
    byId("usage").hidden = usage === null;
    if (usage) showUsage(usage);
    byId("said").textContent = usage ? `since ${usage.since} (UTC)` : "this server keeps no telemetry";
    byId("shown").hidden = false;
    byId("key").hidden = true;
  } catch (error) {
    const refused = error instanceof Refused;
    byId("key").hidden = !refused;
    if (refused) byId("shown").hidden = true;
    byId("said").textContent = refused ? (key ? "this key may not" : "") : `could not be had: ${error.message}`;
  }
}

byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("secret").value.trim();
  sessionStorage.setItem("key", key);
  show();
});
byId("again").addEventListener("click", show);
byId("days").addEventListener("change", show);
show();
