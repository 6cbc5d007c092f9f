// Markdown, as answers use it, to a tree of plain objects: the blocks. HTML in it is text like any other. Every block keeps
// its source in `raw`, so that a stream redraws only what has changed.

import { parseInlines } from "./inline.js";

const FENCE = /^ {0,3}(```+|~~~+)\s*([^\s`]*).*$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?:\s+|$)/;
const TABLE_RULE = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const MATH_OPEN = /^ {0,3}(\$\$|\\\[)/;
const DEEPEST = 12;

/** The blocks of `text`. */
export function parseMarkdown(text, depth = 0) {
    const lines = text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
    const blocks = [];
    let at = 0;
    while (at < lines.length) {
        if (!lines[at].trim()) { at += 1; continue; }
        const [block, next] = readBlock(lines, at, depth);
        block.raw = lines.slice(at, next).join("\n");
        blocks.push(block);
        at = next;
    }
    return blocks;
}

function readBlock(lines, at, depth) {
    const line = lines[at];
    if (FENCE.test(line)) return readCode(lines, at);
    if (MATH_OPEN.test(line)) {
        const found = readMath(lines, at);
        if (found) return found;
    }
    const heading = HEADING.exec(line);
    if (heading) return [{ type: "heading", level: heading[1].length, inlines: parseInlines(heading[2] ?? "") }, at + 1];
    if (RULE.test(line)) return [{ type: "rule" }, at + 1];
    if (depth < DEEPEST && QUOTE.test(line)) return readQuote(lines, at, depth);
    if (depth < DEEPEST && ITEM.test(line)) return readList(lines, at, depth);
    if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) {
        const found = readTable(lines, at);
        if (found) return found;
    }
    return readParagraph(lines, at);
}

// What is not closed yet reaches to the end: while an answer streams, code looks like code from its first line on.
function readCode(lines, at) {
    const [, fence, language] = FENCE.exec(lines[at]);
    const closing = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}\\s*$`);
    let end = at + 1;
    while (end < lines.length && !closing.test(lines[end])) end += 1;
    return [{ type: "code", language, text: lines.slice(at + 1, end).join("\n") }, Math.min(end + 1, lines.length)];
}

function readMath(lines, at) {
    const open = MATH_OPEN.exec(lines[at]);
    const close = open[1] === "$$" ? "$$" : "\\]";
    const first = lines[at].slice(open[0].length);
    let tex = first;
    let end = at;
    while (!tex.includes(close)) {
        end += 1;
        // An empty line ends a formula that was never closed; it is then a paragraph.
        if (end >= lines.length || !lines[end].trim()) return null;
        tex += "\n" + lines[end];
    }
    const [formula, rest] = [tex.slice(0, tex.indexOf(close)), tex.slice(tex.indexOf(close) + close.length)];
    if (rest.trim()) return null;
    return [{ type: "math", tex: formula.trim() }, end + 1];
}

function readQuote(lines, at, depth) {
    let end = at;
    while (end < lines.length && lines[end].trim() && (QUOTE.test(lines[end]) || !startsBlock(lines[end]))) end += 1;
    const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, "")).join("\n");
    return [{ type: "quote", blocks: parseMarkdown(inner, depth + 1) }, end];
}

function readList(lines, at, depth) {
    const [, indent, marker] = ITEM.exec(lines[at]);
    const kind = marker.slice(-1);
    const items = [];
    let loose = false;
    while (at < lines.length) {
        const found = ITEM.exec(lines[at]);
        if (!found || found[1].length > indent.length + 3 || found[2].slice(-1) !== kind || RULE.test(lines[at])) break;
        const width = found[0].trimEnd().length === found[0].length ? found[0].length + 1 : found[0].length;
        const inner = [lines[at].slice(found[0].length)];
        at += 1;
        while (at < lines.length) {
            const blank = !lines[at].trim();
            const inside = lines[at].startsWith(" ".repeat(Math.min(width, found[1].length + 2)));
            if (blank && !(lines[at + 1] ?? "").startsWith(" ".repeat(found[1].length + 2))) break;
            if (!blank && !inside && (startsBlock(lines[at]) || ITEM.test(lines[at]))) break;
            if (!blank && !inside && !inner.at(-1).trim()) break;
            inner.push(blank ? "" : lines[at].slice(Math.min(width, lines[at].search(/\S/))));
            at += 1;
        }
        items.push(readItem(inner, depth));
        const blankBehind = at < lines.length && !lines[at].trim() && ITEM.test(lines[at + 1] ?? "");
        if (blankBehind) { at += 1; loose = true; }
    }
    const start = Number.parseInt(marker, 10);
    return [{ type: "list", ordered: !Number.isNaN(start), start, loose, items }, at];
}

function readItem(inner, depth) {
    const task = /^\[([ xX])\] /.exec(inner[0]);
    if (task) inner[0] = inner[0].slice(4);
    return { checked: task ? task[1] !== " " : null, blocks: parseMarkdown(inner.join("\n"), depth + 1) };
}

function readTable(lines, at) {
    const head = cells(lines[at]);
    const align = cells(lines[at + 1]).map((cell) =>
        cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left");
    if (head.length !== align.length) return null;
    let end = at + 2;
    while (end < lines.length && lines[end].trim() && lines[end].includes("|")) end += 1;
    const rows = lines.slice(at + 2, end).map((line) => {
        const row = cells(line);
        return head.map((_, column) => parseInlines(row[column] ?? ""));
    });
    return [{ type: "table", align, head: head.map(parseInlines), rows }, end];
}

function cells(line) {
    const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
    return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

function readParagraph(lines, at) {
    let end = at + 1;
    while (end < lines.length && lines[end].trim() && !startsBlock(lines[end])) end += 1;
    return [{ type: "paragraph", inlines: parseInlines(lines.slice(at, end).join("\n")) }, end];
}

function startsBlock(line) {
    return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || MATH_OPEN.test(line)
        || /^ {0,3}([-*+]|1[.)])\s+\S/.test(line);
}
