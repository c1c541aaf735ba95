"use strict";
const SVG = "http://www.w3.org/2000/svg";
const here = location.pathname.replace(/\/t\/([^/]+)$/, "/v1/track/$1");
const lang = document.documentElement.lang;
const find = (id) => document.getElementById(id);
const words = JSON.parse(find("words").textContent);
const ROAD = { delivery: ["placed", "preparing", "on_the_way", "delivered"], store_pickup: ["placed", "preparing", "ready", "collected"] };
const STAGES = { accepted: "preparing", picked_up: "on_the_way", rejected: "cancelled", returned: "failed", lost: "failed" };
const CANCELLABLE = ["placed", "accepted", "preparing", "ready", "picked_up"];
let order, asked = "";

const say = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name]);

function make(kind, given = {}, ...parts) {
  const made = Object.assign(document.createElement(kind), given);
  made.append(...parts);
  return made;
}

function show(id, text) {
  find(id).hidden = !text;
  if (find(id).textContent !== text) find(id).textContent = text;
}

function clock(instant) {
  const at = new Date(instant);
  const near = Math.abs(at - Date.now()) < 20 * 3600 * 1000;
  return new Intl.DateTimeFormat(lang, { ...(near ? {} : { weekday: "short", day: "numeric", month: "short" }), hour: "numeric", minute: "2-digit" }).format(at);
}

function price(money) {
  const digits = words.no_cents.includes(money.currency) ? 0 : 2;
  const form = { style: "currency", currency: money.currency, minimumFractionDigits: digits, maximumFractionDigits: digits, trailingZeroDisplay: "stripIfInteger" };
  return new Intl.NumberFormat(lang, form).format(money.minor / 10 ** digits);
}

async function ask(path, body) {
  const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  const options = body ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "Idempotency-Key": key } } : {};
  const answer = await fetch(here + path, options);
  if (answer.status === 404 && !path) location.reload();
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

function draw(now) {
  order = now;
  const ended = !CANCELLABLE.includes(now.status);
  const owes = ["due", "claimed"].includes(now.payment_status);
  const first = now.status === "placed" && owes && now.payment !== "cash";
  const stage = first ? "unpaid" : STAGES[now.status] || now.status;
  find("page").setAttribute("aria-busy", "false");
  find("page").classList.toggle("ended", ended);
  show("merchant", now.merchant);
  show("order", say(words.order, { order: now.external_id || now.order_id.slice(-6).toUpperCase() }));
  show("headline", stage === "ready" && now.fulfilment === "store_pickup" ? words.head_collect : words[`head_${stage}`]);
  when(now, stage, ended);
  steps(now, stage);
  find("pay").hidden = !(now.payment === "gateway" && now.payment_status === "due" && now.status === "placed");
  questions(now.questions);
  rider(now.rider);
  bill(now, owes);
  const there = ["delivered", "collected"].includes(now.status);
  find("rate").hidden = !there || now.stars !== null;
  find("rated").hidden = now.stars === null;
  if (now.stars !== null) {
    const stars = make("b", { ariaHidden: "true" }, "★".repeat(now.stars) + "☆".repeat(5 - now.stars));
    find("rated").replaceChildren(stars, ` ${say(words.rated, { stars: say(words.stars, { count: now.stars }) })}`);
  }
  find("complain").hidden = !there;
  find("cancel").hidden = ended || now.questions.some((one) => one.kind === "cancellation");
}

function when(now, stage, ended) {
  const fetched = now.fulfilment === "store_pickup";
  let [label, time] = ["", ""];
  if (stage === "delivered") [label, time] = [words.delivered_at, clock(now.delivered_at)];
  else if (stage === "collected") [label, time] = [words.collected_at, clock(now.delivered_at)];
  else if (stage === "cancelled" && now.cancelled_at) [label, time] = [words.cancelled_at, clock(now.cancelled_at)];
  else if (fetched && !ended && !now.is_ready) [label, time] = [words.ready_at, clock(now.ready_at)];
  else if (!fetched && !ended && stage !== "unpaid") {
    const said = now.expected;
    [label, time] = said ? [words.expected, span(said)] : [words.promised, clock(now.promised_at)];
  }
  find("when").hidden = !time;
  show("when_label", label);
  show("when_time", time);
  show("note", words[`note_${stage}`] || "");
}

function span(said) {
  const [early, late] = [clock(said.early_at), clock(said.late_at)];
  return early === late ? early : `${early} – ${late}`;
}

function steps(now, stage) {
  const road = ROAD[now.fulfilment];
  const reached = road.indexOf(stage === "ready" && now.fulfilment === "delivery" ? "preparing" : stage);
  find("steps").hidden = reached < 0;
  find("steps").replaceChildren(...road.map((name, index) => {
    const step = make("li", { className: index < reached || index === road.length - 1 && index === reached ? "done" : index === reached ? "now" : "" }, words[`step_${name}`]);
    if (index === reached) step.setAttribute("aria-current", "step");
    return step;
  }));
}

function bill(now, owes) {
  find("items").replaceChildren(...now.items.map((item) => make("li", {}, make("b", {}, `${item.quantity} ×`), item.name)));
  show("total", now.total ? price(now.total) : "");
  const how = !now.total ? "" : owes ? words[`owed_${now.payment}`] : words[`money_${now.payment_status}`];
  show("payment", now.payment_status === "claimed" ? words.money_claimed : how || "");
}

function rider(now) {
  find("rider").hidden = !now;
  if (!now) return;
  const carried = order.status === "picked_up";
  show("rider_name", say(carried ? words.rider_brings : words.rider_fetches, { name: now.name || words.rider_nobody }));
  const seen = now.position;
  find("picture").toggleAttribute("hidden", !(seen && order.dropoff));
  show("rider_where", seen ? say(words.rider_seen, { time: clock(seen.seen_at), far: far(seen.place, carried ? order.dropoff : order.pickup) }) : "");
  if (seen && order.dropoff) picture(seen.place, carried);
}

function far(from, to) {
  const east = (to.longitude - from.longitude) * Math.cos(to.latitude * Math.PI / 180);
  const metres = Math.hypot(east, to.latitude - from.latitude) * 111_195;
  const [value, unit] = metres < 950 ? [Math.ceil(metres / 50) * 50, "meter"] : [metres / 1000, "kilometer"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

function picture(place, carried) {
  const [x, y] = spots([place, order.pickup, order.dropoff]);
  const line = (from, to, name) => shape("line", { x1: x[from], y1: y[from], x2: x[to], y2: y[to], class: name });
  const lines = carried ? [line(1, 0, "gone"), line(0, 2, "way")] : [line(0, 1, "way"), line(1, 2, "way")];
  const store = pin(x[1], y[1], "M-7 -2 v8 h14 v-8 M-8 -6 h16 l1 4 h-18 z");
  const home = pin(x[2], y[2], "M-8 0 L0 -7 L8 0 M-6 -1 v8 h12 v-8");
  const me = find("picture").querySelector(".me") || shape("g", { class: "me" }, shape("circle", { r: 18, class: "halo" }), shape("circle", { r: 9 }));
  me.style.transform = `translate(${x[0]}px, ${y[0]}px)`;
  [...find("picture").children].filter((mark) => mark !== me).forEach((mark) => mark.remove());
  find("picture").prepend(...lines, store, home);
  if (!me.parentNode) find("picture").append(me);
}

function spots(places) {
  const shrink = Math.cos(places[0].latitude * Math.PI / 180);
  const all = [places.map((one) => one.longitude * shrink), places.map((one) => -one.latitude)];
  const sides = all.map((found) => [Math.min(...found), Math.max(...found)]);
  const scale = Math.min(...sides.map(([low, high], axis) => [240, 100][axis] / Math.max(1e-6, high - low)));
  return all.map((found, axis) => found.map((one) => [160, 85][axis] + (one - (sides[axis][0] + sides[axis][1]) / 2) * scale));
}

function shape(kind, given, ...parts) {
  const made = document.createElementNS(SVG, kind);
  Object.entries(given).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...parts);
  return made;
}

const pin = (x, y, drawn) => shape("g", { class: "place", transform: `translate(${x} ${y})` }, shape("circle", { r: 16 }), shape("path", { d: drawn }));

function questions(now) {
  if (JSON.stringify(now) === asked) return;
  asked = JSON.stringify(now);
  find("questions").replaceChildren(...now.map((one) => {
    const text = say(words[`ask_${one.kind}`] || words.ask_other, { plan: words.plans[one.plan] || "" });
    const said = make("output");
    const buttons = one.answers.map((step, index) => {
      const button = make("button", { type: "button", className: index ? "danger" : "main" }, words[`answer_${step}`] || step);
      button.addEventListener("click", () => answer(one, step, said, button));
      return button;
    });
    return make("div", { className: "card" }, make("p", {}, text), make("div", { className: "row" }, ...buttons), said);
  }));
}

async function answer(question, step, said, button) {
  if (step === "cancelled" && !confirm(words.cancel_sure)) return;
  await attempt(button, said, "", async () => {
    const place = step === "address_corrected" ? await whereabouts() : undefined;
    draw(await ask("/answers", { case_id: question.case_id, step, place }));
  });
}

const whereabouts = () => new Promise((found, failed) => navigator.geolocation.getCurrentPosition(({ coords }) => found({ latitude: coords.latitude, longitude: coords.longitude }), failed));

async function attempt(button, said, thanks, work) {
  button.disabled = true;
  said.className = "";
  try {
    await work();
    said.textContent = thanks;
  } catch {
    said.className = "bad";
    said.textContent = words.failed;
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-to]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = form.querySelector("output");
    attempt(form.querySelector("button"), said, said.dataset.sent, async () => {
      draw(await ask(`/${form.dataset.to}`, { text: form.elements.text.value }));
      form.reset();
    });
  });
}

find("rate_form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { stars, text } = event.target.elements;
  const rating = { stars: Number(stars.value), text: text.value };
  attempt(find("rate_form").querySelector("button"), find("rate_said"), "", async () => draw(await ask("/rating", rating)));
});

find("pay").addEventListener("click", () => attempt(find("pay"), find("note"), "", async () => location.assign((await ask("/payment/checkout", {})).url)));

find("cancel").addEventListener("click", () => attempt(find("cancel"), find("cancel_said"), "", async () => {
  find("sure_cost").textContent = cost(await ask("/cancel"));
  find("sure").returnValue = "no";
  find("sure").showModal();
}));

find("sure").addEventListener("close", () => {
  if (find("sure").returnValue === "yes") attempt(find("cancel"), find("cancel_said"), "", async () => draw(await ask("/cancel", {})));
});

function cost({ how, least, most }) {
  if (how === "too_late") return words.cancel_too_late;
  const begun = how === "case" ? `${words.cancel_case} ` : "";
  if (!most) return begun || words.cancel_at_once;
  if (!most.minor) return begun + words.cancel_free;
  const amounts = { least: price(least), most: price(most) };
  return begun + say(least.minor === most.minor ? words.cancel_costs : words.cancel_between, amounts);
}

function reach(alive) {
  find("trouble").hidden = alive;
}

async function look(again_ms) {
  try {
    draw(await ask(""));
    reach(true);
  } catch {
    reach(false);
  }
  if (again_ms) setTimeout(follow, again_ms);
}

function follow() {
  const stream = new EventSource(`${here}/stream`);
  stream.addEventListener("open", () => reach(true));
  stream.addEventListener("progress", (event) => draw(JSON.parse(event.data)));
  stream.addEventListener("position", (event) => order?.rider && rider({ ...order.rider, position: JSON.parse(event.data) }));
  stream.addEventListener("over", () => location.reload());
  stream.addEventListener("full", () => stream.close() || look(20_000));
  stream.addEventListener("error", () => {
    reach(false);
    if (stream.readyState === EventSource.CLOSED) look(10_000);
  });
}

look().then(follow);
