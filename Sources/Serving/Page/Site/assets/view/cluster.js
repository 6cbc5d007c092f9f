// The cluster, live: asked once a second, and only while somebody looks.

import { h, iconButton, setText } from "../dom.js";
import { count, percent, plural, rate, seconds } from "../pure/format.js";
import { History } from "../pure/series.js";
import { explain } from "../pure/problems.js";
import { getJSON } from "../api/client.js";
import { Chart } from "./chart.js";
import { rankCard } from "./rank.js";

const EVERY = 1000;

export class Cluster {
    #history = new History();
    #timer = null;

    constructor(closed) {
        this.state = h("span", { class: "state", "data-state": "unknown" }, "…");
        this.note = h("p", { class: "problem", hidden: true });
        this.figures = h("dl", { class: "figures" });
        this.ranks = h("ul", { class: "ranks" });
        this.charts = [
            new Chart("Tokens a second", [["answers", (s) => s.rates.answer_per_s], ["prompts", (s) => s.rates.prompt_per_s]], { show: rate }),
            new Chart("Requests", [["running", (s) => s.requests.running], ["in line", (s) => s.requests.waiting]], { show: count }),
            new Chart("KV cache in use", [["in use", (s) => s.cache.used / Math.max(s.cache.pages, 1)]], { show: percent, top: 1 }),
            new Chart("Time to the first token", [["median", (s) => s.latency.ttft_ms.p50 || null]], { show: seconds }),
        ];
        this.element = h("section", { id: "cluster", "aria-label": "Cluster", hidden: true },
            h("header", {}, h("h2", {}, "Cluster"), this.state, iconButton("close", "Close this view", closed)),
            h("div", { class: "inside", tabindex: "0", role: "group", "aria-label": "Figures" }, this.note, this.figures,
                h("div", { class: "charts" }, this.charts.map(({ element }) => element)),
                h("h3", {}, "Ranks"), this.ranks));
        document.addEventListener("visibilitychange", () => this.#look());
    }

    get isShown() { return !this.element.hidden; }

    toggle(on) {
        this.element.hidden = !on;
        this.#look();
    }

    // A page in the background asks nothing.
    #look() {
        clearTimeout(this.#timer);
        this.#timer = null;
        if (this.isShown && !document.hidden) this.#ask();
    }

    async #ask() {
        const began = performance.now();
        try {
            const stats = await getJSON("flotilla/stats", { asks: false });
            this.#history.add(stats, performance.now());
            this.#draw(stats);
        } catch (problem) {
            this.#away(problem);
        }
        if (!this.isShown || document.hidden) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#ask(), Math.max(0, EVERY - (performance.now() - began)));
    }

    #away(problem) {
        const { sentence, hint } = explain(problem);
        this.#showState("away", "away");
        setText(this.note, `${sentence} ${hint}`);
        this.note.hidden = false;
    }

    #showState(state, words) {
        this.state.dataset.state = state;
        setText(this.state, words);
    }

    #draw(stats) {
        this.note.hidden = true;
        const [first, last] = this.#history.ends() ?? [];
        this.#showState(stats.state, stats.state === "degraded" ? "degraded: fewer ranks, the same answers" : stats.state);
        for (const chart of this.charts) chart.draw(this.#history, performance.now());
        this.#drawFigures(stats);
        const cards = stats.ranks.map((rank) => rankCard(rank, first && { first, last }));
        this.ranks.replaceChildren(...(cards.length ? cards : [h("li", { class: "none" }, "No rank is there yet.")]));
    }

    #drawFigures({ model, version, uptime_s: uptime, requests, cache, group, connections, tokens }) {
        const ended = Object.values(requests.ended).reduce((sum, value) => sum + value, 0);
        const rows = [
            ["Model", model],
            ["Up for", `${seconds(1000 * uptime)}, version ${version}`],
            ["Requests", `${count(requests.running)} running, ${count(requests.waiting)} in line, ${count(ended)} answered, ${count(requests.failed)} failed`],
            ["Tokens", `${count(tokens.generated)} generated, ${count(tokens.prompt)} of prompts`],
            ["Prefix cache", `${percent(cache.hit_rate)} of prompts found, ${count(cache.cached)} of ${plural(cache.pages, "page")} kept`],
            ["Pictures", `${count(cache.image_hits)} found, ${count(cache.image_misses)} encoded`],
            ["Ranks", `${count(group.decoder)} of ${count(group.asked_decoder)} decoder, ${count(group.vision)} vision`],
            ["Replaced", `${plural(group.restarts, "time")}, ${plural(requests.replayed, "answer")} went on`],
            ["Connections", count(connections.open)],
        ];
        this.figures.replaceChildren(...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    }
}
