"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const panel = document.getElementById("details");
  const plan = document.querySelector("svg.plan");
  const nodes = new Map([...plan.querySelectorAll(".node")].map((n) => [n.dataset.id, n]));
  const edges = [...plan.querySelectorAll(".edge")];
  let chosen = null;

  const element = (tag, text) => {
    const e = document.createElement(tag);
    e.textContent = text;
    return e;
  };

  const show = (id) => {
    const about = data[id];
    const list = document.createElement("dl");
    for (const [name, value] of about.rows || []) list.append(element("dt", name), element("dd", value));
    panel.replaceChildren(element("h2", about.title), list);
  };

  const point = (id) => {
    plan.classList.toggle("pointing", id !== null);
    for (const e of [...nodes.values(), ...edges]) e.classList.remove("near");
    if (id === null) return;
    nodes.get(id).classList.add("near");
    for (const e of edges) {
      if (e.dataset.from !== id && e.dataset.to !== id) continue;
      e.classList.add("near");
      nodes.get(e.dataset.from).classList.add("near");
      nodes.get(e.dataset.to).classList.add("near");
    }
  };

  const choose = (id) => {
    if (chosen !== null) nodes.get(chosen).classList.remove("chosen");
    chosen = chosen === id ? null : id;
    if (chosen === null) return;
    nodes.get(chosen).classList.add("chosen");
    show(chosen);
  };

  for (const [id, node] of nodes) {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.addEventListener("mouseenter", () => { point(id); if (chosen === null) show(id); });
    node.addEventListener("mouseleave", () => point(null));
    node.addEventListener("focus", () => { point(id); if (chosen === null) show(id); });
    node.addEventListener("blur", () => point(null));
    node.addEventListener("click", () => choose(id));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(id); }
      if (event.key === "Escape" && chosen !== null) choose(chosen);
    });
  }
})();
