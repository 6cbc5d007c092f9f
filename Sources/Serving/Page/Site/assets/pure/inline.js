// What stands inside a paragraph: emphasis, code, links, pictures, formulas. From a text to a list of plain objects.

const ESCAPABLE = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/;
const ADDRESS = /^https?:\/\/[^\s<>"`]+/;
const DEEPEST = 16;
/** How far what closes a mark is looked for: a text of marks that are never closed must not take the square of its length. */
const REACH = 2000;

const find = (text, mark, from, start) => {
    const found = text.slice(from, start + REACH).indexOf(mark);
    return found < 0 ? -1 : from + found;
};

/** The inlines of `text`. */
export function parseInlines(text, depth = 0) {
    const out = [];
    let plain = "";
    const flush = () => { if (plain) out.push({ type: "text", text: plain }); plain = ""; };
    let at = 0;
    while (at < text.length) {
        const found = depth < DEEPEST ? readInline(text, at, depth) : null;
        if (found) {
            flush();
            out.push(found.node);
            at = found.end;
        } else if (text[at] === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
            plain += text[at + 1];
            at += 2;
        } else {
            plain += text[at];
            at += 1;
        }
    }
    flush();
    return out;
}

function readInline(text, at, depth) {
    switch (text[at]) {
    case "`": return readCode(text, at);
    case "$": return readDollars(text, at);
    case "\\": return readBackslash(text, at);
    case "!": return text[at + 1] === "[" ? readLink(text, at + 1, depth, at) : null;
    case "[": return readLink(text, at, depth, at);
    case "*": case "_": return readEmphasis(text, at, depth);
    case "~": return readPair(text, at, "~~", "del", depth);
    case "<": return readAngle(text, at);
    case "h": return at > 0 && /\w/.test(text[at - 1]) ? null : readAddress(text, at);
    case " ": return /^ {2,}\n/.test(text.slice(at, at + 80)) ? br(text.indexOf("\n", at) + 1) : null;
    default: return null;
    }
}

const br = (end) => ({ node: { type: "break" }, end });

function readCode(text, at) {
    const ticks = /^`+/.exec(text.slice(at, at + REACH))[0];
    let close = find(text, ticks, at + ticks.length, at);
    while (close >= 0 && text[close + ticks.length] === "`") {
        while (text[close] === "`") close += 1;
        close = find(text, ticks, close, at);
    }
    if (close < 0) return null;
    const inner = text.slice(at + ticks.length, close).replace(/\n/g, " ");
    const padded = /^ .* $/.test(inner) && inner.trim();
    return { node: { type: "code", text: padded ? inner.slice(1, -1) : inner }, end: close + ticks.length };
}

// A dollar opens a formula where no blank follows, and closes one where no blank precedes and no digit follows: $5 and
// $10 stay prices.
function readDollars(text, at) {
    const fence = text.startsWith("$$", at) ? "$$" : "$";
    const from = at + fence.length;
    if (fence === "$" && (/[\s$]/.test(text[from] ?? " "))) return null;
    for (let close = find(text, fence, from, at); close >= 0; close = find(text, fence, close + 1, at)) {
        if (text[close - 1] === "\\") continue;
        const blankLine = text.slice(from, close).includes("\n\n");
        if (blankLine || close === from) return null;
        if (fence === "$" && (/\s/.test(text[close - 1]) || /\d/.test(text[close + 1] ?? ""))) return null;
        return { node: { type: "math", tex: text.slice(from, close), display: fence === "$$" }, end: close + fence.length };
    }
    return null;
}

function readBackslash(text, at) {
    for (const [open, close, display] of [["\\(", "\\)", false], ["\\[", "\\]", true]]) {
        if (!text.startsWith(open, at)) continue;
        const end = find(text, close, at + 2, at);
        if (end > 0) return { node: { type: "math", tex: text.slice(at + 2, end).trim(), display }, end: end + 2 };
    }
    // A boxed answer is often written without dollars around it.
    if (text.startsWith("\\boxed{", at)) {
        const end = closingBrace(text, at + 6);
        if (end > 0) return { node: { type: "math", tex: text.slice(at, end + 1), display: false }, end: end + 1 };
    }
    return text[at + 1] === "\n" ? br(at + 2) : null;
}

/** The brace that closes the one at `open`, or -1. */
function closingBrace(text, open) {
    let depth = 0;
    for (let at = open; at < Math.min(text.length, open + REACH); at += 1) {
        if (text[at] === "\\") { at += 1; continue; }
        if (text[at] === "{") depth += 1;
        if (text[at] === "}" && --depth === 0) return at;
    }
    return -1;
}

function readLink(text, open, depth, from) {
    let level = 0;
    let close = open;
    const last = Math.min(text.length, open + REACH / 4);
    for (; close < last; close += 1) {
        if (text[close] === "\\") { close += 1; continue; }
        if (text[close] === "[") level += 1;
        if (text[close] === "]" && --level === 0) break;
    }
    if (close >= last) return null;
    const target = /^\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+"[^"]*")?\s*\)/.exec(text.slice(close + 1, close + REACH));
    if (!target) return null;
    const label = text.slice(open + 1, close);
    const end = close + 1 + target[0].length;
    if (from !== open) return { node: { type: "image", source: target[1], alt: label }, end };
    return { node: { type: "link", address: target[1], children: parseInlines(label, depth + 1) }, end };
}

function readEmphasis(text, at, depth) {
    const mark = text[at];
    // Inside words an underscore is a letter: snake_case.
    if (mark === "_" && /\w/.test(text[at - 1] ?? " ")) return null;
    return readPair(text, at, mark + mark, "strong", depth) ?? readPair(text, at, mark, "emphasis", depth);
}

function readPair(text, at, mark, type, depth) {
    const from = at + mark.length;
    if (!text.startsWith(mark, at) || /\s/.test(text[from] ?? " ")) return null;
    for (let close = find(text, mark, from, at); close >= 0; close = find(text, mark, close + 1, at)) {
        if (close === from || /[\s\\]/.test(text[close - 1])) continue;
        if (mark.length === 1 && (text[close + 1] === mark || text[close - 1] === mark)) { close += 1; continue; }
        if (mark[0] === "_" && /\w/.test(text[close + mark.length] ?? " ")) continue;
        // `**a *b***`: the inner emphasis has the first of three.
        const end = mark.length === 2 && text[close + 2] === mark[0] ? close + 1 : close;
        return { node: { type, children: parseInlines(text.slice(from, end), depth + 1) }, end: end + mark.length };
    }
    return null;
}

function readAngle(text, at) {
    const found = /^<(https?:\/\/[^\s<>]+)>/.exec(text.slice(at, at + REACH));
    if (!found) return null;
    return { node: { type: "link", address: found[1], children: [{ type: "text", text: found[1] }] }, end: at + found[0].length };
}

function readAddress(text, at) {
    const found = ADDRESS.exec(text.slice(at, at + REACH));
    if (!found) return null;
    const address = found[0].replace(/[.,;:!?'")\]]+$/, "");
    return { node: { type: "link", address, children: [{ type: "text", text: address }] }, end: at + address.length };
}
