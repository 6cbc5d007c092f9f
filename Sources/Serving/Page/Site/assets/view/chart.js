// Lines over the last five minutes, or as much of them as was seen.

import { h, svg, setText } from "../dom.js";
import { seconds } from "../pure/format.js";
import { path, roundUp } from "../pure/series.js";

const [WIDTH, HEIGHT] = [300, 64];

/** A chart with a title; `lines` are `[name, read(stats)]`, `show` makes a text of a value. */
export class Chart {
    constructor(title, lines, { show, top = null }) {
        Object.assign(this, { lines, show, top });
        this.value = h("span", { class: "now" });
        this.ceiling = h("span", { class: "ceiling" });
        this.since = h("span", { class: "since" });
        this.paths = lines.map((_, index) => svg("path", { class: `line line-${index}` }));
        const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
            svg("path", { class: "axis", d: `M0 ${HEIGHT}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 0H${WIDTH}` }), this.paths);
        const keys = lines.length < 2 ? [] : lines.map(([name], index) => h("span", { class: `key key-${index}` }, name));
        const legend = h("div", { class: "legend" }, this.since, keys);
        this.element = h("figure", { class: "chart" },
            h("figcaption", {}, h("span", {}, title), this.value), h("div", { class: "plot" }, drawing, this.ceiling), legend);
    }

    draw(history, now) {
        const curves = this.lines.map(([, read]) => history.curve(read));
        const highest = Math.max(0, ...curves.flatMap((curve) => curve.map(([, value]) => value ?? 0)));
        const top = this.top ?? roundUp(highest);
        curves.forEach((curve, index) => this.paths[index].setAttribute("d", path(curve, { now, span: history.span, top, width: WIDTH, height: HEIGHT })));
        setText(this.ceiling, this.show(top));
        setText(this.since, `${seconds(history.span)} ago`);
        const latest = curves.map((curve) => curve.at(-1)?.[1]).filter((value) => value !== null && value !== undefined);
        setText(this.value, latest.map(this.show).join(" · ") || "–");
    }
}
