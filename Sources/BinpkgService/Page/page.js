// The page asks the service's interface every few seconds and writes what it hears as text, never as markup.
import { readLog } from "./log.js";

const $ = (id) => document.getElementById(id);
const pageSize = 25;
const shown = { limit: pageSize, detail: null, isLetIn: false };

// MARK: asking

async function ask(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail ?? response.statusText), { status: response.status });
}

const json = async (path) => (await ask(path)).json();

// MARK: text

function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function duration(seconds) {
  if (seconds === undefined || seconds === null) return "";
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function size(bytes) {
  if (bytes === undefined || bytes === null) return "";
  const units = ["B", "KiB", "MiB", "GiB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) { bytes /= 1024; power += 1; }
  return `${bytes >= 10 || power === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[power]}`;
}

const ago = (time) => `${duration(Math.max(10, Math.round(Date.now() / 1000 - time)))} ago`.replace(/^10 s/, "seconds");
const times = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

function packageButton(build) {
  const button = element("button", "name", build.cpv);
  button.addEventListener("click", () => { location.hash = build.id; });
  return button;
}

const stateText = (state) => element("span", `state ${state}`, state);

// MARK: parts of the page

function drawQueue(list) {
  $("queue-empty").hidden = list.builds.length > 0;
  $("queue").replaceChildren(...list.builds.map((build) => {
    const estimate = build.estimateSeconds;
    const isBuilding = build.state === "building";
    const elapsed = Math.max(0, Date.now() / 1000 - build.changed);
    const when = isBuilding
      ? `${duration(elapsed)}${estimate ? ` of about ${duration(estimate)}` : ""}`
      : `number ${build.position ?? "?"}${build.etaSeconds !== undefined ? `, ready in about ${duration(build.etaSeconds)}` : ""}`;
    const blocks = build.unblocks ? `, before ${times(build.unblocks, "package")} of a plan` : "";
    const line = element("li", build.state,
      element("span", "", packageButton(build), `::${build.repository}`), element("span", "when", when + blocks));
    if (isBuilding) {
      const bar = element("progress");
      bar.setAttribute("aria-label", `progress of ${build.cpv}`);
      if (estimate) { bar.max = estimate; bar.value = Math.min(elapsed, estimate * 0.98); }
      line.append(bar);
    }
    return line;
  }));
}

function drawBuilds(list) {
  $("total").textContent = times(list.total, "request");
  $("more").hidden = list.builds.length >= list.total;
  $("builds").replaceChildren(...list.builds.map((build) => element("tr", "",
    element("td", "", packageButton(build), `::${build.repository}`,
      build.message ? element("span", "message", build.message) : null),
    element("td", "", stateText(build.state)),
    element("td", "number", duration(build.buildSeconds)),
    element("td", "number", size(build.size)),
    element("td", "number", ago(build.changed)))));
}

function drawEnvironments(environments) {
  const tree = (layers, parent) => {
    const own = layers.filter((layer) => (layer.parent ?? null) === parent);
    if (!own.length) return null;
    return element("ul", "", ...own.map((layer) => element("li", "",
      element("code", "", layer.id.slice(0, 12)), " ", layer.installed.join(" "),
      element("div", "weak", `${size(layer.bytes)}, used ${times(layer.uses, "time")}, last ${ago(layer.lastUse)}${layer.isInUse ? ", in use now" : ""}`),
      tree(layers, layer.id))));
  };
  $("environments").replaceChildren(...environments.map((environment) => element("div", "environment",
    element("strong", "", environment.name), ` ${environment.source}${environment.eprefix ? `, EPREFIX ${environment.eprefix}` : ""}`,
    element("div", "weak", `${times(environment.layers.length, "layer")} over it`),
    tree(environment.layers, null))));
}

async function drawCurve() {
  const points = await json("v1/accuracy");
  const isEmpty = !points.length || points[0].requests === 0;
  $("curve-empty").hidden = !isEmpty;
  $("curve").hidden = isEmpty;
  if (isEmpty) return;
  const address = URL.createObjectURL(await (await ask("v1/accuracy.svg")).blob());
  $("curve").onload = () => URL.revokeObjectURL(address);
  $("curve").src = address;
}

// MARK: one request

async function openDetail(id) {
  shown.detail?.abort();
  const control = shown.detail = new AbortController();
  const dialog = $("detail");
  $("detail-title").textContent = "";
  $("detail-state").replaceChildren();
  $("facts").replaceChildren();
  $("log").textContent = "";
  if (!dialog.open) dialog.showModal();
  try {
    drawDetail(await (await ask(`v1/builds/${id}`, { signal: control.signal })).json());
    const log = $("log");
    await readLog(ask, id, control.signal, (lines) => {
      log.append(lines.join("\n") + "\n");
      if ($("follow").checked) log.scrollTop = log.scrollHeight;
    }, () => { log.textContent = ""; });
    drawDetail(await (await ask(`v1/builds/${id}`, { signal: control.signal })).json());
  } catch (error) {
    if (control.signal.aborted) return;
    $("detail-state").textContent = error.message;
    // What asks for another token lies below.
    if (error.status === 401) dialog.close();
  }
}

function drawDetail({ request, answer, builtWith, size: bytes, queued }) {
  $("detail-title").textContent = `${request.cpv}::${request.repository}`;
  $("detail-state").replaceChildren(stateText(answer.state), answer.message ? `: ${answer.message}` : "");
  const flags = request.iuse.toSorted().map((flag) => (request.use.includes(flag) ? flag : `-${flag}`));
  const facts = [
    ["accuracy", answer.accuracy ? `${answer.accuracy}, ${request.accuracy} was asked for` : `${request.accuracy} is asked for`],
    ["differences", (answer.differences ?? []).join("; ")],
    ["slot", request.slot], ["USE", flags.join(" ")],
    ...Object.entries(request.variables).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ["asked for", ago(queued)], ["build", duration(answer.buildSeconds)], ["size", size(bytes)],
    ["key", answer.key.slice(0, 20)], ["package", answer.artifact?.slice(0, 20)],
  ];
  $("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", "", name), element("dd", "", value)]));
  const packages = (builtWith?.packages ?? request.buildDependencies).map((item) => `${item.cpv}:${item.slot}`).toSorted();
  $("dependencies").hidden = packages.length === 0;
  $("dependencies").querySelector("summary").textContent =
    (builtWith ? "Built with " : "The asking machine builds with ") + times(packages.length, "package");
  $("dependencies").querySelector("ul").replaceChildren(...packages.map((text) => element("li", "", text)));
}

// MARK: in the course of time

async function refresh() {
  const query = new URLSearchParams({ limit: shown.limit, state: $("state").value, search: $("search").value.trim() });
  try {
    const [status, queue, builds] = await Promise.all([
      json("v1/status"), json("v1/builds?state=building,queued&limit=100"), json(`v1/builds?${query}`)]);
    $("access").hidden = true;
    $("content").hidden = false;
    $("version").textContent = status.version;
    $("health").textContent = "the service is up";
    $("health").className = "";
    $("counts").replaceChildren(...Object.entries(status.builds).map(([state, count]) =>
      element("li", "", element("b", "", String(count)), ` ${state}`)));
    drawQueue(queue);
    drawBuilds(builds);
    if (!shown.isLetIn) { shown.isLetIn = true; openNamed(); }
  } catch (error) {
    const wantsToken = error.status === 401;
    if (wantsToken) shown.isLetIn = false;
    $("access").hidden = !wantsToken;
    if (wantsToken) $("content").hidden = true;
    $("health").textContent = wantsToken ? error.message : `the service does not answer: ${error.message}`;
    $("health").className = "bad";
  }
}

async function refreshSeldom() {
  try {
    drawEnvironments(await json("v1/environments"));
    await drawCurve();
  } catch { /* what is wrong is said by the other refresh */ }
}

function every(seconds, work) {
  const step = async () => {
    if (!document.hidden) await work();
    setTimeout(step, seconds * 1000);
  };
  step();
}

let typing;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => { shown.limit = pageSize; refresh(); }, 200);
});
$("state").addEventListener("change", () => { shown.limit = pageSize; refresh(); });
$("more").addEventListener("click", () => { shown.limit = Math.min(shown.limit * 2, 500); refresh(); });
$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  // Nothing else can be sent in a header.
  if (!/^[!-~]+$/.test(token)) { $("health").textContent = "this is no token"; return; }
  sessionStorage.setItem("token", token);
  $("token").value = "";
  refresh().then(refreshSeldom);
});
$("close").addEventListener("click", () => $("detail").close());
$("detail").addEventListener("close", () => { shown.detail?.abort(); history.replaceState(null, "", " "); });
function openNamed() {
  const id = location.hash.slice(1);
  if (shown.isLetIn && /^[0-9a-f]{64}$/.test(id)) openDetail(id);
}
addEventListener("hashchange", openNamed);
every(2, refresh);
every(30, refreshSeldom);
