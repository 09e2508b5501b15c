// What every page has: times in the reader's zone, drafts that outlive a lost line, toasts, questions before what can't be
// undone, and the stream of what concerns the reader.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const language = document.documentElement.lang;

function localTimes(root) {
  const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const seconds = new Intl.DateTimeFormat(language, { ...hours, second: "2-digit" });
  const clock = new Intl.DateTimeFormat(language, hours);
  const named = language === "en"; // 11/12 is two days to readers of English
  const dated = new Intl.DateTimeFormat(named ? "en-GB" : language, { month: named ? "short" : "numeric", day: "numeric", ...hours });
  const day = new Intl.DateTimeFormat(named ? "en-GB" : language, named ? { year: "numeric", month: "short", day: "numeric" } : { year: "numeric", month: "2-digit", day: "2-digit" });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime.length === 10 ? `${time.dateTime}T00:00` : time.dateTime); // a date alone is no moment of UTC
    if (Number.isNaN(at.getTime()) || time.title) continue;
    const near = at.toDateString() === today;
    const how = time.dataset.how === "day" ? day : near ? ("seconds" in time.dataset ? seconds : clock) : dated;
    time.textContent = how.format(at);
    time.title = `${time.dateTime} (${zone})`;
    if (how !== day) time.dataset.paper = `${day.format(at)} ${clock.format(at)}`;
  }
}

// On paper every time has its day.
function swapTimes() {
  for (const time of document.querySelectorAll("time[data-paper]")) [time.textContent, time.dataset.paper] = [time.dataset.paper, time.textContent];
}
window.addEventListener("beforeprint", swapTimes);
window.addEventListener("afterprint", swapTimes);

// Drafts: a form with data-draft keeps what is typed on this device until it was sent and answered with another page.
const user = document.body.dataset.user;
const draftKey = (form) => `draft:${user}:${form.dataset.draft}`;
const typed = (form) => [...form.elements].filter((one) => one.name && !["hidden", "password", "file", "submit"].includes(one.type));

function readDraft(form) {
  const values = {};
  for (const one of typed(form)) {
    if ((one.type === "radio" || one.type === "checkbox") && !one.checked) continue;
    values[one.name] = one.value;
  }
  return values;
}

function fillDraft(form, values) {
  for (const one of typed(form)) {
    if (one.type === "radio" || one.type === "checkbox") one.checked = values[one.name] === one.value;
    else if (one.name in values) one.value = values[one.name];
  }
}

function drafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const key = draftKey(form);
    const first = JSON.stringify(readDraft(form));
    const kept = localStorage.getItem(key);
    if (kept && kept !== first && !form.querySelector("[aria-invalid], .moved")) {
      fillDraft(form, JSON.parse(kept));
      form.dispatchEvent(new CustomEvent("huanliu:filled"));
      form.prepend(note(document.body.dataset.kept, document.body.dataset.discard, () => { localStorage.removeItem(key); location.reload(); }));
    }
    form.addEventListener("input", () => localStorage.setItem(key, JSON.stringify(readDraft(form))));
    form.addEventListener("submit", () => sessionStorage.setItem("sent", key));
  }
  const sent = sessionStorage.getItem("sent");
  const again = sent && [...root.querySelectorAll("form[data-draft]")].some((form) => draftKey(form) === sent);
  if (sent && !again && user && !root.querySelector(".panel.fault")) localStorage.removeItem(sent);
  if (sent && user) sessionStorage.removeItem("sent");
}

function note(text, action, act) {
  const box = document.createElement("p");
  box.className = "banner draft";
  box.setAttribute("role", "status");
  box.append(text, " ");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = action;
  button.addEventListener("click", act);
  box.append(button);
  return box;
}

// Without a line a form stays as it is, and says so.
function offline() {
  if (document.getElementById("offline") || document.getElementById("board")?.dataset.offlineNote) return; // the market says so itself
  const box = document.createElement("p");
  box.id = "offline";
  box.className = "banner";
  box.setAttribute("role", "status");
  box.textContent = document.body.dataset.offline;
  document.getElementById("main").prepend(box);
}
window.addEventListener("offline", offline);
window.addEventListener("online", () => document.getElementById("offline")?.remove());
if (!navigator.onLine) offline();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !form.dataset.sure) { event.preventDefault(); confirmFirst(form, event.submitter); return; }
  if (!navigator.onLine) { event.preventDefault(); offline(); document.getElementById("offline")?.scrollIntoView({ block: "center" }); return; }
  if (form.dataset.sending) { event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    form.dataset.sending = "1";
    setTimeout(() => { delete form.dataset.sending; }, 8000);
  }
});
window.addEventListener("pageshow", () => document.querySelectorAll("[data-sending]").forEach((form) => { delete form.dataset.sending; }));

// What can't be undone asks first; the safe answer has the focus.
function confirmFirst(form, submitter) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-text").textContent = form.dataset.confirm;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") { submitter?.focus(); return; }
    form.dataset.sure = "1";
    form.requestSubmit(submitter);
    delete form.dataset.sure;
  }, { once: true });
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
  if (event.target.closest("[data-print]")) window.print();
  for (const open of document.querySelectorAll("details.more[open]")) if (!open.contains(event.target)) open.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.more[open]")) { open.open = false; open.querySelector("summary").focus(); }
});

// Live: a part with data-live="proposal.made trade.agreed" is fetched anew when a notice of such a type comes (hx-trigger="live"
// on the part); whatever has data-stream-state shows how the stream stands.
function listen() {
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const wants = (part, type) => type === "notices.missed" || part.dataset.live.split(" ").includes(type);
  if (!document.body.dataset.stream || !parts().length || !window.EventSource) return;
  const types = new Set(parts().flatMap((part) => part.dataset.live.split(" ")));
  let source;
  const waiting = new Map();
  let lost = new Date(); // what the page shows is of the moment when the stream was last there
  const show = (state) => document.querySelectorAll("[data-stream-state]").forEach((one) => {
    one.dataset.streamState = state;
    one.querySelector(".since")?.remove();
    if (state === "live") return;
    const since = document.createElement("span");
    since.className = "since";
    since.textContent = ` · ${document.body.dataset.asOf} ${lost.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`;
    one.append(since);
  });
  let broken = false;
  let last = "";
  const came = (type) => {
    for (const part of parts().filter((one) => wants(one, type))) {
      clearTimeout(waiting.get(part)); // several notices of one moment are one fetch
      waiting.set(part, setTimeout(() => window.htmx.trigger(part, "live"), 300));
    }
  };
  const open = () => {
    const from = last && `&last_event_id=${last}`;
    source = new EventSource(`${document.body.dataset.stream}?types=${[...types].join(",")}${from}`);
    source.onopen = () => { broken = false; show("live"); };
    source.onerror = () => {
      if (!broken) lost = new Date();
      broken = true;
      show(navigator.onLine ? "stale" : "offline");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000); // after a refusal a browser doesn't try again by itself
    };
    for (const type of [...types, "notices.missed"]) {
      source.addEventListener(type, (event) => { last = event.lastEventId || last; came(type); });
    }
  };
  open();
  window.addEventListener("pagehide", () => source.close());
}

// The guide of a role's first minute: a card beside what it speaks of, on the real page.
function tour() {
  const card = document.getElementById("tour");
  if (!card) return;
  const key = `tour:${user}`;
  const asked = new URLSearchParams(location.search).has("tour");
  if (!user || (localStorage.getItem(key) && !asked)) return;
  const steps = [...card.querySelectorAll("li")].filter((step) => document.querySelector(`[data-tour="${step.dataset.at}"]`));
  const next = card.querySelector("[data-tour-next]");
  let at = -1;
  const mark = (on) => steps[at] && document.querySelector(`[data-tour="${steps[at].dataset.at}"]`)?.classList.toggle("toured", on);
  const end = () => {
    mark(false);
    at = steps.length;
    card.hidden = true;
    localStorage.setItem(key, "seen");
    document.getElementById("main").focus({ preventScroll: true });
  };
  const go = () => {
    mark(false);
    at += 1;
    if (at >= steps.length) { end(); return; }
    steps.forEach((step, index) => { step.hidden = index !== at; });
    card.querySelector("[data-count]").textContent = `${at + 1} / ${steps.length}`;
    next.textContent = at === steps.length - 1 ? card.dataset.last : card.dataset.next;
    mark(true);
    const part = document.querySelector(`[data-tour="${steps[at].dataset.at}"]`);
    card.classList.remove("up");
    const room = card.getBoundingClientRect().top;
    part.scrollIntoView({ block: part.offsetHeight > room ? "start" : "center" });
    const place = part.getBoundingClientRect(); // at a page's end a part would stand behind the card
    card.classList.toggle("up", place.bottom > room && place.top > card.offsetHeight + 32);
  };
  if (!steps.length) return;
  card.hidden = false;
  next.addEventListener("click", go);
  card.querySelector("[data-tour-end]").addEventListener("click", end);
  card.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
  document.addEventListener("htmx:load", () => mark(true)); // a live part comes anew, and without the mark
  go();
  next.focus({ preventScroll: true });
}

window.huanliu = { localTimes, drafts };
document.addEventListener("htmx:load", (event) => localTimes(event.detail.elt));
document.addEventListener("htmx:sendError", offline);
// A part that did not come says so where it was awaited.
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, ({ detail: { elt } }) => {
    if (!elt.hasAttribute("aria-busy")) return;
    elt.removeAttribute("aria-busy");
    for (const one of elt.querySelectorAll(".skeleton")) one.replaceWith(document.body.dataset.unread);
  });
}
// A photo goes as soon as it is taken.
document.addEventListener("change", (event) => {
  if (event.target.matches("input[data-send]") && event.target.files.length) event.target.form.requestSubmit();
});

localTimes(document);
drafts(document);
document.querySelector("[data-focus]")?.focus();
listen();
tour();
