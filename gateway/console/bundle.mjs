// Makes of what npm brought what browsers are sent: each under the name that pages give it, and beside it the same in Brotli, at its
// hardest, which is too slow for a request. Set-up runs it in this folder.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { buildSync } from "esbuild";

const TO = "node_modules/.bundled";
const COPIED = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "noto-sans-sc.css": "@fontsource-variable/noto-sans-sc/index.css",
};

mkdirSync(TO, { recursive: true });
const made = Object.entries(COPIED).map(([name, path]) => [name, readFileSync(`node_modules/${path}`)]);
const charts = buildSync({ entryPoints: ["echarts.js"], bundle: true, minify: true, write: false });
made.push(["echarts.js", charts.outputFiles[0].contents]);
for (const [name, content] of made) {
  writeFileSync(`${TO}/${name}`, content);
  writeFileSync(`${TO}/${name}.br`, brotliCompressSync(content));
}
