// The buyer's list: what is ticked, summed as it is ticked. The server sums again before anything is accepted.
"use strict";

function tally(box) {
  const ticks = [...document.querySelectorAll(`input[form="${box.dataset.tally}"][name="id"]`)];
  const number = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const mass = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
  const show = () => {
    const on = ticks.filter((one) => one.checked);
    const sum = (name) => on.reduce((all, one) => all + Number(one.dataset[name]), 0);
    box.querySelector("[data-count]").textContent = on.length;
    box.querySelector("[data-mass]").textContent = mass.format(sum("mass"));
    box.querySelector("[data-cost]").textContent = number.format(sum("cost"));
    box.querySelector("button").disabled = on.length === 0;
  };
  ticks.forEach((one) => one.addEventListener("change", show));
  document.querySelector("[data-all]")?.addEventListener("change", (event) => {
    ticks.forEach((one) => { one.checked = event.target.checked; });
    show();
  });
  show();
}
document.querySelectorAll("[data-tally]").forEach(tally);
