// Writes the repairs that were unticked to a small file, which `gru-lab repair --keep-holes` reads.

const ticks = [...document.querySelectorAll("input[data-hole]")];
const unticked = () => ticks.filter((tick) => !tick.checked);

function say() {
  const count = unticked().length;
  const place = document.getElementById("unticked");
  const said = count ? place.dataset.some : place.dataset.all;
  place.textContent = said.replace("{count}", count).replace("{size}", ticks.length);
}

function keep() {
  const lines = ["channel,first,last", ...unticked().map((tick) => tick.dataset.hole)];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = "holes to keep.csv";
  link.click();
}

if (ticks.length) {
  for (const tick of ticks) tick.addEventListener("change", say);
  document.getElementById("keep").addEventListener("click", keep);
  addEventListener("pageshow", say); // a reloaded page may have kept its ticks
}
