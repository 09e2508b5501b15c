// The yard's forms: what was photographed, where one stands.
"use strict";

for (const input of document.querySelectorAll("[data-preview]")) {
  const place = document.getElementById(input.dataset.preview);
  input.addEventListener("change", () => {
    place.replaceChildren(...[...input.files].map((file) => {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = `${place.dataset.word}: ${file.name}`;
      return image;
    }));
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-locate]");
  if (!button) return;
  const said = document.getElementById("located");
  navigator.geolocation.getCurrentPosition((found) => {
    document.getElementById(button.dataset.lat).value = found.coords.latitude.toFixed(5);
    document.getElementById(button.dataset.lon).value = found.coords.longitude.toFixed(5);
    said.textContent = `${found.coords.latitude.toFixed(4)}, ${found.coords.longitude.toFixed(4)}`;
  }, () => { said.textContent = button.dataset.refused; });
});
