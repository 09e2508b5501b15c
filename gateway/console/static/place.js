// The driver's position, only while he lets it: a press starts it, a press or leaving the page ends it, once a minute at most.
"use strict";

const EVERY_MS = 60_000;

function sharing(button) {
  const state = document.querySelector("[data-share-state]");
  let watch = null;
  let last = 0;

  const stop = (text) => {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
    button.setAttribute("aria-pressed", "false");
    button.textContent = button.dataset.start;
    state.textContent = text;
  };
  const tell = async (found) => {
    if (watch === null || Date.now() - last < EVERY_MS) return;
    last = Date.now();
    const body = new URLSearchParams({ do: "position", csrf: button.dataset.csrf, lat: found.coords.latitude, lon: found.coords.longitude });
    try {
      const answer = await fetch(button.dataset.share, { method: "POST", body });
      if (answer.status === 409 || answer.status === 403 || answer.status === 401) stop(button.dataset.failed);
      else state.textContent = answer.ok ? `${button.dataset.sent} ${new Date().toLocaleTimeString(document.documentElement.lang)}` : button.dataset.failed;
    } catch {
      last = 0; // without a line the next position tries again
      state.textContent = button.dataset.failed;
    }
  };
  button.addEventListener("click", () => {
    if (watch !== null) { stop(button.dataset.off); return; }
    if (!navigator.geolocation) { state.textContent = button.dataset.denied; return; }
    button.setAttribute("aria-pressed", "true");
    button.textContent = button.dataset.stop;
    watch = navigator.geolocation.watchPosition(tell, () => stop(button.dataset.denied), { enableHighAccuracy: true, maximumAge: 30_000 });
  });
}
function begin(root) { root.querySelectorAll("[data-share]").forEach(sharing); }
begin(document);
document.addEventListener("htmx:afterSwap", (event) => begin(event.target.parentElement ?? document));
