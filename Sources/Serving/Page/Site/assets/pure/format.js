// Figures as people read them.

/** Narrow, and no place for a line to break. */
const space = "\u202f";

export function count(value) {
    return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, space);
}

export function plural(value, one, many = one + "s") {
    return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value) {
    const units = ["bytes", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
    return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function seconds(milliseconds) {
    if (milliseconds < 950) return `${Math.round(milliseconds)} ms`;
    const whole = milliseconds / 1000;
    if (whole < 60) return `${whole < 10 ? whole.toFixed(1) : Math.round(whole)} s`;
    const [large, small, [one, other]] = whole < 3600
        ? [Math.floor(whole / 60), Math.floor(whole % 60), ["min", "s"]]
        : [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ["h", "min"]];
    return small ? `${large} ${one} ${small} ${other}` : `${large} ${one}`;
}

export function rate(value) {
    return value >= 100 ? count(value) : value.toFixed(value >= 10 ? 1 : 2);
}

export function percent(share) {
    return `${Math.round(100 * share)} %`;
}

/** "Today", "Yesterday", "Previous 7 days", or a month. */
export function dayGroup(time, now = Date.now()) {
    const midnight = new Date(now);
    midnight.setHours(0, 0, 0, 0);
    const days = Math.ceil((midnight - time) / 86_400_000);
    if (days <= 0) return "Today";
    if (days === 1) return "Yesterday";
    if (days <= 7) return "Previous 7 days";
    return new Date(time).toLocaleDateString("en", { month: "long", year: "numeric" });
}
