// The slider of «as known then»: says where it stands, and asks anew once it rests.
"use strict";

for (const form of document.querySelectorAll("form[data-look]")) {
  const slider = form.elements.back;
  const steps = JSON.parse(slider.dataset.steps);
  const say = () => {
    slider.setAttribute("aria-valuetext", steps[slider.value]);
    form.querySelector("output").textContent = steps[slider.value];
  };
  let resting;
  slider.addEventListener("input", () => {
    say();
    clearTimeout(resting);
    resting = setTimeout(() => form.requestSubmit(), 900);
  });
  say();
}
