/** The report's only style sheet. Its hash stands in the page's content security policy, so no other style applies. */
export const reportStyle = `
:root{color-scheme:light dark;--ink:#1b2230;--soft:#5b6577;--line:#e2e6ee;--page:#f5f6f9;--card:#fff;--accent:#2f5bea;--gain:#0b7a4b;--worse:#a8540a;--failed:#b3261e;--noise:#6a7487;--base:#5b6577;--wash:#eef2ff}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#a3adbf;--line:#2c3342;--page:#11151d;--card:#191f2a;--accent:#8aa6ff;--gain:#4cc38a;--worse:#e8a15b;--failed:#ff8a80;--noise:#8c97ab;--base:#a3adbf;--wash:#1e2740}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:40px 24px 80px}
header p{margin:0;color:var(--soft)}
h1{margin:4px 0 10px;font-size:30px;line-height:1.2;letter-spacing:-.01em;text-wrap:balance}
h2{margin:0 0 14px;font-size:19px}
h3{margin:18px 0 6px;font-size:15px}
p{margin:0 0 10px;max-width:75ch}
section{margin-top:20px;padding:24px;background:var(--card);border:1px solid var(--line);border-radius:14px}
.eyebrow{font-size:13px;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
.headline{padding:28px}
.headline .claim{font-size:22px;line-height:1.4;max-width:60ch;margin-bottom:4px}
.headline .claim strong{color:var(--gain)}
.headline.base .claim strong,.headline.prompt .claim strong{color:var(--ink)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:1px;margin:20px 0 0;border:1px solid var(--line);border-radius:10px;overflow:hidden}
.facts div{padding:14px 16px;box-shadow:0 0 0 1px var(--line)}
.facts dt{font-size:13px;color:var(--soft)}
.facts dd{margin:2px 0 0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.facts dd small{display:block;font-size:13px;font-weight:400;color:var(--soft)}
.soft{color:var(--soft)}
.chart{display:block;width:100%;height:auto;margin:8px 0}
.chart text{font:15px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--soft)}
.chart .row-label{fill:var(--ink);font-size:17px}
.chart .value{fill:var(--ink);font-weight:600;font-size:16px}
.chart .missed{fill:var(--failed);font-size:20px}
.grid{stroke:var(--line);stroke-width:1}
.base-line{stroke:var(--base);stroke-width:1.5;stroke-dasharray:5 5}
.edge{fill:none;stroke:var(--noise);stroke-opacity:.45;stroke-width:1.5}
.whisker{stroke-width:4;stroke-linecap:round}
.whisker.thin{stroke-width:2;stroke-opacity:.55}
.cap{stroke-width:2}
.whisker.base,.cap.base{stroke:var(--base)}.dot.base{fill:var(--base)}
.whisker.candidate,.cap.candidate{stroke:var(--gain)}.dot.candidate{fill:var(--gain)}
.tone-gain .whisker{stroke:var(--gain)}.tone-gain .dot{fill:var(--gain)}
.tone-baseline .whisker{stroke:var(--accent)}.tone-baseline .dot{fill:var(--accent)}
.tone-noise .whisker{stroke:var(--noise)}.tone-noise .dot{fill:var(--noise)}
.tone-worse .whisker{stroke:var(--worse)}.tone-worse .dot{fill:var(--worse)}
.tone-failed .whisker{stroke:var(--failed)}.tone-failed .dot{fill:var(--failed)}
.curve{fill:none;stroke:var(--accent);stroke-width:2.5;stroke-linejoin:round}
.validation{fill:var(--card);stroke:var(--worse);stroke-width:3}
.mini{width:120px;height:16px;vertical-align:-3px}
.mini .track{stroke:var(--line);stroke-width:2}
.mini .whisker{stroke-width:3}
.scroll{overflow-x:auto;margin:0 -24px;padding:0 24px}
table{width:100%;border-collapse:collapse;font-size:14px}
th{padding:6px 10px;text-align:left;font-weight:600;font-size:13px;color:var(--soft);border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:8px 10px;vertical-align:top;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
tr.delivered td{background:var(--wash)}
th:first-child,td:first-child{padding-left:0}
tr.delivered td:first-child{box-shadow:inset 3px 0 var(--accent);padding-left:10px}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.node{display:flex}
.branch{flex:none;color:var(--soft);white-space:pre;font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}
.title{min-width:260px}
.score{white-space:nowrap;font-variant-numeric:tabular-nums}
.title small,td small{display:block;color:var(--soft);font-size:13px}
.insight{min-width:180px;max-width:300px}
.badge{display:inline-block;padding:1px 9px;border:1px solid currentColor;border-radius:999px;font-size:13px;white-space:nowrap}
.badge.tone-gain{color:var(--gain)}.badge.tone-baseline{color:var(--accent)}.badge.tone-noise{color:var(--noise)}.badge.tone-worse{color:var(--worse)}.badge.tone-failed{color:var(--failed)}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin:0;padding:0;list-style:none;font-size:13px;color:var(--soft)}
pre{margin:6px 0 14px;padding:12px 14px;overflow-x:auto;background:var(--page);border:1px solid var(--line);border-radius:8px;font:13px/1.5 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:13px ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:10px 0}
details:last-child{padding-bottom:0}
summary{cursor:pointer;font-weight:600}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
summary .badge{margin-left:8px;font-weight:400}
dl.pairs{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:10px 0;font-size:14px}
dl.pairs dt{color:var(--soft)}
dl.pairs dd{margin:0;overflow-wrap:anywhere}
ul{margin:0;padding-left:20px;max-width:80ch}
li{margin:4px 0}
.answers td{max-width:300px;overflow-wrap:anywhere;white-space:pre-wrap;font:13px/1.45 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}
footer{margin-top:24px;color:var(--soft);font-size:13px}
@media (max-width:640px){main{padding:24px 14px 60px}section{padding:18px 16px}.scroll{margin:0 -16px;padding:0 16px}dl.pairs{grid-template-columns:1fr;gap:0}dl.pairs dd{margin-bottom:8px}}
@media print{body{background:#fff}section{break-inside:avoid;border-color:#ccc}}
`;
