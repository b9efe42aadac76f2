"use strict";
for (const stage of document.querySelectorAll(".stage")) {
  const slider = stage.querySelector(".slider");
  slider?.addEventListener("input", () => {
    stage.dataset.at = slider.value;
    stage.style.setProperty("--at", slider.value + "%");
  });
  const controls = stage.nextElementSibling;
  const toggle = controls.querySelector(".toggle");
  toggle?.addEventListener("click", () => {
    const on = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", on);
    stage.classList.toggle("mapped", on);
    for (const heat of stage.querySelectorAll(".heat")) heat.hidden = !on;
  });
  const contrast = controls.querySelector(".contrast");
  contrast.addEventListener("input", () => {
    stage.style.setProperty("--contrast", contrast.value);
    stage.classList.toggle("contrasted", contrast.value > 1);
  });
  const difference = controls.querySelector(".difference");
  difference?.addEventListener("click", () => {
    const on = difference.getAttribute("aria-pressed") !== "true";
    difference.setAttribute("aria-pressed", on);
    stage.classList.toggle("differing", on);
  });
  const right = controls.querySelector(".right");
  right?.addEventListener("change", () => {
    for (const side of stage.querySelectorAll(".after")) side.hidden = side.dataset.role !== right.value;
  });
}
const themes = [["", "as the system"], ["light", "light"], ["dark", "dark"]];
let theme = 0;
const button = document.getElementById("theme");
button.addEventListener("click", () => {
  theme = (theme + 1) % themes.length;
  document.documentElement.dataset.theme = themes[theme][0];
  button.textContent = "Colours: " + themes[theme][1];
});
