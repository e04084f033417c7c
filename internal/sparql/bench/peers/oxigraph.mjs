// Measures oxigraph: node oxigraph.mjs <file> <runs>, queries on stdin as lines of
// a name, a tab and the query; measurements as JSON on stdout.
import { readFileSync } from "node:fs";
import oxigraph from "oxigraph";

const [file, runs] = [process.argv[2], Number(process.argv[3])];
const queries = readFileSync(0, "utf8").trimEnd().split("\n").map((line) => line.split("\t"));
const data = readFileSync(file, "utf8");

function timed(runs, f) {
  const times = [];
  let count = 0;
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    count = f();
    if (i > 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { millis: times[Math.floor(times.length / 2)], count };
}

let store;
const load = timed(1, () => {
  store = new oxigraph.Store();
  store.load(data, { format: "text/turtle", lenient: true, no_transaction: true });
  return store.size;
});
const all = [{ name: "load", ...load }];
for (const [name, text] of queries) {
  const m = timed(runs, () => {
    const rows = store.query(text);
    if (rows.length === 1 && rows[0].size === 1) {
      const n = Number([...rows[0].values()][0].value);
      if (!Number.isNaN(n)) return n;
    }
    return rows.length;
  });
  all.push({ name, ...m });
}
console.log(JSON.stringify(all));
