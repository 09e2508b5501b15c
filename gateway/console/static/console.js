// The live board and sign-in. The server renders every figure; this puts changed parts in place and shows local times.
"use strict";

const EVERY_MS = 2000;
const board = document.getElementById("board");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function localTimes(root) {
  const hours = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, hours);
  const dated = new Intl.DateTimeFormat(document.documentElement.lang, { month: "numeric", day: "numeric", ...hours });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = (at.toDateString() === today ? clock : dated).format(at);
    time.title = `${time.dateTime} (${zone})`;
  }
}

// Only parts whose HTML differs from what the server sent last are replaced, so nothing else repaints or loses focus.
const last = new Map();

function place(html) {
  const fresh = new DOMParser().parseFromString(`<div>${html}</div>`, "text/html").body.firstElementChild;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const now = board.querySelector(`[data-part="${name}"]`);
    if (!now || last.get(name) === part.outerHTML) continue;
    last.set(name, part.outerHTML);
    const next = document.importNode(part, true);
    localTimes(next);
    now.replaceWith(next);
  }
}

function offline() {
  const state = board.querySelector(".state");
  if (!state || state.classList.contains("offline")) return;
  state.className = "state offline";
  state.querySelector(".word").textContent = board.dataset.offline;
  const note = document.createElement("p");
  note.className = "banner";
  note.setAttribute("role", "status");
  note.textContent = board.dataset.offlineNote;
  board.querySelector('[data-part="notes"]').replaceChildren(note);
  last.delete("head");
  last.delete("notes");
}

async function refresh() {
  try {
    const answer = await fetch(board.dataset.source, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    place(await answer.text());
  } catch {
    offline();
  }
}

async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, EVERY_MS);
}

// Sign-in: the token lives in this page alone and ends with it.
const panel = document.getElementById("sign-in");
const answer = document.getElementById("sign-in-answer");
let busy = false;

async function call(path, options) {
  const got = await fetch(path, { ...options, headers: { "Accept-Language": document.documentElement.lang, ...options.headers } });
  const body = await got.json();
  if (!got.ok) throw new Error(body.detail || body.title);
  return body;
}

async function signIn(names) {
  if (busy) return;
  busy = true;
  answer.textContent = panel.dataset.signingIn;
  answer.classList.remove("fault");
  try {
    const tokens = await call("/v1/tokens", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(names),
    });
    show(await call("/v1/me", { headers: { Authorization: `Bearer ${tokens.access_token}` } }));
    answer.textContent = "";
  } catch (fault) {
    answer.textContent = fault instanceof TypeError ? panel.dataset.noAnswer : `${panel.dataset.failed}: ${fault.message}`;
    answer.classList.add("fault");
  } finally {
    busy = false;
  }
}

function show(me) {
  const field = (name) => panel.querySelector(`[data-me="${name}"]`);
  const role = me.role.replace("_", "-");
  field("name").textContent = me.name;
  field("organisation").textContent = me.organisation.name;
  field("role").textContent = field("role").getAttribute(`data-${role}`) || me.role;
  field("status").textContent = field("status").getAttribute(`data-${me.organisation.status}`) || me.organisation.status;
  field("region").textContent = me.region;
  document.getElementById("signed-out").hidden = true;
  document.getElementById("signed-in").hidden = false;
}

panel.addEventListener("click", (event) => {
  const button = event.target.closest("[data-email]");
  if (button) signIn({ email: button.dataset.email, password: button.parentElement.dataset.password });
});
document.getElementById("own").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const account = form.get("account").trim();
  signIn({ [account.includes("@") ? "email" : "phone"]: account, password: form.get("password") });
});
document.getElementById("sign-out").addEventListener("click", () => {
  document.getElementById("signed-in").hidden = true;
  document.getElementById("signed-out").hidden = false;
  document.getElementById("own").reset();
});

localTimes(board);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setTimeout(watch, EVERY_MS);
