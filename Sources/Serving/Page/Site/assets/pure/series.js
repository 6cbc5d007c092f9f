// The last five minutes of the cluster's figures, and what is read from two samples of a counter.

export const SPAN = 300_000;
const LEAST = 60_000;

/** Samples of `/flotilla/stats` with the time at which they came, oldest first. */
export class History {
    samples = [];

    add(stats, at) {
        this.samples.push({ at, stats });
        while (this.samples.length && this.samples[0].at < at - SPAN) this.samples.shift();
    }

    /** What a chart shows: a minute at first, and more as there is more. */
    get span() {
        const age = this.samples.length ? this.samples.at(-1).at - this.samples[0].at : 0;
        return Math.min(SPAN, Math.max(LEAST, age));
    }

    /** A curve: `[[at, value], …]`, with null where `read` finds nothing. */
    curve(read) {
        return this.samples.map(({ at, stats }) => [at, read(stats) ?? null]);
    }

    /** The samples at the end and at least `back` milliseconds before, as far as there are any. */
    ends(back = 5000) {
        const last = this.samples.at(-1);
        const first = this.samples.findLast(({ at }) => at <= (last?.at ?? 0) - back) ?? this.samples[0];
        return first && first !== last ? [first, last] : null;
    }
}

const rankKey = (rank) => `${rank.group ?? 0}/${rank.rank}/${rank.pid}`;

/**
 * What a rank did between two samples: the share of time it computed, talked and waited, and the bytes of weights that it
 * read a second while it computed. A step reads each weight once, a step of several tokens too, so that the figure is that
 * of decoding and a lower bound while prompts are read. Null for a rank that is new.
 */
export function rankWork(first, last, rank) {
    const before = first.stats.ranks.find((other) => rankKey(other) === rankKey(rank));
    if (!before) return null;
    const wall = last.at - first.at;
    const steps = rank.steps - before.steps;
    const compute = rank.compute_ms - before.compute_ms;
    return {
        compute: clamp(compute / wall),
        communication: clamp((rank.communication_ms - before.communication_ms) / wall),
        steps: (1000 * steps) / wall,
        tiles: (1000 * (rank.tiles - before.tiles)) / wall,
        sent: (1000 * (rank.sent_bytes - before.sent_bytes)) / wall,
        bandwidth: steps > 0 && compute > 0 ? (1000 * steps * (rank.step_bytes ?? rank.weight_bytes)) / compute : null,
    };
}

const clamp = (value) => Math.min(1, Math.max(0, value));

/** A round number at or above `value`, for the top of an axis. */
export function roundUp(value) {
    if (!(value > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 2.5, 5, 10].find((step) => step * power >= value * 0.999) * power;
}

/** SVG's path of the last `span` milliseconds of a curve in a box of `width` × `height`; a gap where a value is null, or seconds are missing. */
export function path(curve, { now, span, top, width, height }, gap = 5000) {
    let d = "";
    let previous = null;
    for (const [at, value] of curve) {
        if (value === null || at < now - span) { previous = null; continue; }
        const x = (width * (1 - (now - at) / span)).toFixed(1);
        const y = (height * (1 - Math.min(value / top, 1))).toFixed(1);
        d += `${previous !== null && at - previous <= gap ? "L" : "M"}${x} ${y}`;
        previous = at;
    }
    return d;
}
