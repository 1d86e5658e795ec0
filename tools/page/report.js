for (const box of document.querySelectorAll("input[data-layer]")) {
  box.addEventListener("change", () =>
    box.closest(".diagram").classList.toggle("hide-" + box.dataset.layer, !box.checked));
}
