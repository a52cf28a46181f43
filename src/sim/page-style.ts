/** How the report looks. */
export const style = `
:root{--paper:#f6f7f9;--card:#fff;--ink:#1c2330;--faint:#667085;--line:#e3e7ee;--a:#2563eb;--b:#0d9488;--c:#94a3b8;--d:#d97706;
--crash:#dc2626;--partition:#9333ea;--slow:#ca8a04;--join:#16a34a;--leave:#64748b;--restart:#16a34a;--good:#15803d;--bad:#b91c1c}
@media(prefers-color-scheme:dark){:root{--paper:#11151c;--card:#1a202b;--ink:#e6eaf2;--faint:#97a3b6;--line:#2c3545;--a:#60a5fa;--b:#2dd4bf;
--c:#7c8aa0;--d:#fbbf24;--crash:#f87171;--partition:#c084fc;--slow:#facc15;--join:#4ade80;--leave:#94a3b8;--restart:#4ade80;--good:#4ade80;--bad:#f87171}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1060px;margin:0 auto;padding:32px 20px 60px}h1{font-size:26px;font-weight:400;margin:0 0 6px}h1 b{font-weight:650}
h2{font-size:17px;font-weight:650;margin:0 0 2px}p{margin:0 0 8px}.faint{color:var(--faint);font-size:13.5px}
.badge{font-size:13px;font-weight:600;padding:3px 10px;border-radius:99px;vertical-align:4px;margin-left:8px;border:1px solid}.good{color:var(--good)}.bad{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0}
.tile,section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px}.tile{padding:13px 15px}
.tile strong{display:block;font-size:23px;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}.tile span{display:block;font-size:13.5px}
.tile em{font-style:normal;color:var(--faint);font-size:12.5px}section{margin:0 0 14px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:14px}@media(max-width:760px){.pair{grid-template-columns:1fr}}
.plot{display:block;width:100%;height:auto;margin-top:6px}.grid{stroke:var(--line)}.tick,.label,.inside{font-size:11.5px;fill:var(--faint);font-variant-numeric:tabular-nums}
.label{font-style:italic}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}.area{opacity:.16;stroke:none}
.line.a{stroke:var(--a)}.line.b{stroke:var(--b)}.line.c{stroke:var(--c)}.line.d{stroke:var(--d)}
.area.a,.bar.a,.stretch.a{fill:var(--a)}.area.b,.stretch.b{fill:var(--b)}.area.c,.stretch.c{fill:var(--partition)}.area.d,.stretch.d{fill:var(--d)}
.stretch{opacity:.85}.inside{fill:#fff;font-weight:600}.mark{stroke-width:1.6;stroke-dasharray:3 3}.band{opacity:.13}
.mark.crash{stroke:var(--crash)}.mark.partition{stroke:var(--partition)}.mark.slow{stroke:var(--slow)}.mark.join{stroke:var(--join)}.mark.leave{stroke:var(--leave)}.mark.restart{stroke:var(--restart)}
.band.partition{fill:var(--partition)}.band.slow{fill:var(--slow)}.band.join{fill:var(--join)}.band.leave{fill:var(--leave)}.band.restart{fill:var(--restart)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 0 0;padding:0;font-size:13px;color:var(--faint)}
.key{display:inline-block;width:18px;height:0;border-top:3px solid;margin-right:7px;vertical-align:4px}.key.a{border-color:var(--a)}.key.b{border-color:var(--b)}
.key.c{border-color:var(--c)}.key.d{border-color:var(--d)}.key.dashed{border-top-style:dashed}.key.fault{width:10px;height:10px;border:0;border-radius:2px;vertical-align:-1px}
.key.crash{background:var(--crash)}.key.partition{background:var(--partition)}.key.slow{background:var(--slow)}.key.join{background:var(--join)}.key.leave{background:var(--leave)}.key.restart{background:var(--restart)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums;margin-top:6px}
th,td{text-align:left;padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--faint);font-weight:500}tr:last-child td{border-bottom:0}
ul{margin:6px 0 0;padding-left:20px;font-size:13.5px}
`.replaceAll('\n', '')
