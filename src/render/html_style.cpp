// The looks of the page: sober, with the fonts of the reader's system. Every colour has a word beside it.
#include "render/html.h"

namespace render {

std::string_view html_style() {
    return R"(:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d9dee4; --code: #f0f2f5;
  --ok: #1a7f37; --info: #0969a8; --unknown: #7a3fb0; --warning: #8a5a00; --critical: #b3201a;
  --bar: #4a7fb5; --track: #e6eaef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101418; --card: #181d23; --ink: #e6e9ed; --soft: #9aa4af; --line: #2f3740; --code: #11161b;
    --ok: #57c274; --info: #62b0e8; --unknown: #c297f0; --warning: #e3ac4a; --critical: #ff8078;
    --bar: #5b95cf; --track: #29313a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: .35rem 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 0 0 .5rem; }
h4 { font-size: .95rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
code, pre, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, .id { font-size: .875em; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .45rem .65rem;
  margin: .15rem 0; overflow-x: auto; white-space: pre-wrap; font-size: .95rem; line-height: 1.4; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.15rem;
  margin: 0 0 1rem; }
.card.ok, .card.info, .card.unknown, .card.warning, .card.critical { border-left: 5px solid var(--tone); }
.ok { --tone: var(--ok); } .info { --tone: var(--info); } .unknown { --tone: var(--unknown); }
.warning { --tone: var(--warning); } .critical { --tone: var(--critical); }
.badge { display: inline-block; color: var(--tone); border: 1.5px solid var(--tone); border-radius: 5px;
  font-size: .75rem; font-weight: 700; letter-spacing: .04em; line-height: 1.2; padding: .15rem .45rem;
  margin-right: .5rem; }
.verdict { padding: 1.2rem 1.3rem; }
.verdict .badge { color: var(--card); background: var(--tone); font-size: .9rem; }
.measure { font-weight: 600; }
.overview { list-style: none; margin: .8rem 0 0; padding: .7rem 0 0; border-top: 1px solid var(--line); }
.overview li { margin: .3rem 0; }
.overview a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--soft); }
.verdict .overview .badge { color: var(--tone); background: none; font-size: .7rem; min-width: 5.6rem; text-align: center; }
article { scroll-margin-top: .8rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .9rem; margin: .5rem 0;
  align-items: baseline; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; min-width: 0; }
ul.chips { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem .4rem; padding: 0; margin: 0; }
ul.chips li { background: var(--code); border: 1px solid var(--line); border-radius: 5px; font-size: .85rem;
  padding: .05rem .45rem; max-width: 100%; }
ol.remedies { padding-left: 1.5rem; margin: .3rem 0; }
ol.remedies > li { margin: 0 0 .8rem; }
ol.remedies .facts { grid-template-columns: 6rem minmax(0, 1fr); }
ul.plain { padding-left: 1.2rem; margin: .3rem 0; }
.pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; align-items: start; }
.pictures .card { margin: 0; min-width: 0; }
.pictures .wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
table .small { font-size: .95em; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tr:last-child > td, tr:last-child > th { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 9rem; }
td.meter { width: 40%; min-width: 4rem; }
.track { display: block; height: .8rem; border-radius: 3px; overflow: hidden; }
.gauge { background: var(--track); }
.track > span { display: block; height: 100%; min-width: 2px; border-radius: 3px; background: var(--bar); }
.zero td, .zero th { color: var(--soft); }
svg { display: block; width: 100%; max-width: 32rem; height: auto; margin: 0 auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 13px; text-anchor: middle; }
svg .name { font-size: 11.5px; font-weight: 600; letter-spacing: .01em; }
svg .count { font-size: 16px; font-weight: 700; }
svg .hint { fill: var(--soft); font-size: 12px; }
svg .line { fill: none; stroke: var(--soft); stroke-width: 1.4; }
svg .head { fill: var(--soft); }
svg .box { fill: var(--code); stroke: var(--bar); stroke-width: 1.6; }
svg .empty .box { stroke: var(--line); }
svg .empty text { fill: var(--soft); font-weight: 400; }
summary { cursor: pointer; font-weight: 600; }
details > :not(summary) { margin-top: .6rem; }
footer { margin-top: 2rem; }
@media (max-width: 52rem) { .pictures { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 30rem) {
  main { padding: .8rem .6rem 2rem; }
  .card { padding: .8rem .8rem; }
  .facts, ol.remedies .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .45rem; }
  th, td { padding: .25rem .35rem; }
  th { white-space: normal; vertical-align: bottom; }
  table { font-size: .82rem; }
  td.name { min-width: 6.6rem; }
  td.meter { min-width: 2.5rem; width: 25%; }
  .secondary { display: none; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f4f4f4;
    --ok: #1a7f37; --info: #0969a8; --unknown: #7a3fb0; --warning: #8a5a00; --critical: #b3201a;
    --bar: #4a7fb5; --track: #e2e6ea; color-scheme: light; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h2, h3, h4 { break-after: avoid; }
  .pictures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  th { white-space: normal; vertical-align: bottom; }
  th, td { padding: .2rem .35rem; }
  td.name { min-width: 6rem; }
  td.meter { min-width: 2.5rem; }
  .pictures .card, li, tr, pre { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
)";
}

} // namespace render
