// One rank of the cluster: where it is, what it holds, and what it does with its time.

import { h } from "../dom.js";
import { bytes, count, percent, plural, rate, seconds } from "../pure/format.js";
import { rankWork } from "../pure/series.js";

/** A bar from 0 to 1 with its words; `share` null is a bar without a value. */
function meter(label, share, words) {
    const bar = h("meter", { min: "0", max: "1", value: String(share ?? 0), "aria-label": label });
    return h("div", { class: "meter" }, h("span", {}, label), bar, h("span", { class: "words" }, words));
}

/** What a rank is in charge of: members that a server may not tell yet are left out. */
function holds(rank) {
    const parts = [];
    if (rank.heads !== undefined) parts.push(plural(rank.heads, "head"));
    if (rank.rows !== undefined) parts.push(plural(rank.rows, "row"));
    return parts;
}

/** `span` is `{first, last}`, two samples that lie some seconds apart, where there are two. */
export function rankCard(rank, span) {
    const work = span ? rankWork(span.first, span.last, rank) : null;
    const isDecoder = rank.role !== "vision";
    const where = [rank.host, `process ${rank.pid}`, plural(rank.threads, "thread"), ...holds(rank)];
    const held = [`${bytes(rank.resident_bytes)} resident`, `${bytes(rank.weight_bytes)} weights`];
    if (rank.cache_bytes) held.push(`${bytes(rank.cache_bytes)} KV cache`);
    const isSilent = rank.silence_ms > 3000;
    return h("li", { class: `rank ${isDecoder ? "decoder" : "vision"}` },
        h("div", { class: "rank-head" },
            h("b", {}, rank.group !== undefined ? `Group ${rank.group}, rank ${rank.rank}` : `Rank ${rank.rank}`),
            h("span", { class: "role" }, rank.role),
            isSilent ? h("span", { class: "silent" }, `silent for ${seconds(rank.silence_ms)}`) : null),
        h("p", {}, where.join(" · ")),
        h("p", {}, held.join(" · ")),
        work && meter("computes", work.compute, percent(work.compute)),
        work && isDecoder && meter("communicates", work.communication, percent(work.communication)),
        work && bandwidth(rank, work),
        work && h("p", { class: "pace" }, isDecoder
            ? `${rate(work.steps)} steps/s · ${bytes(work.sent)}/s sent`
            : `${rate(work.tiles)} tiles/s · ${count(rank.tiles)} tiles in all`));
}

function bandwidth(rank, work) {
    if (!work.bandwidth) return null;
    const ceiling = rank.read_bytes_per_s ?? null;
    const words = ceiling ? `${bytes(work.bandwidth)}/s, ${percent(work.bandwidth / ceiling)}` : `${bytes(work.bandwidth)}/s`;
    return ceiling ? meter("reads memory", Math.min(1, work.bandwidth / ceiling), words) : h("p", { class: "pace" }, `reads weights at ${words}`);
}
