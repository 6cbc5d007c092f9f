// Tests of the page's pure parts, run in the browser that they are for. `run()` returns the failures.

import { parseMarkdown } from "/assets/pure/markdown.js";
import { parseInlines } from "/assets/pure/inline.js";
import { EventParser } from "/assets/pure/sse.js";
import { chooseGrid, readGrid, tileCount } from "/assets/pure/tiles.js";
import { sha256 } from "/assets/pure/sha256.js";
import * as tree from "/assets/pure/conversation.js";
import { DEFAULTS, asCurl, asPython, body } from "/assets/pure/request.js";
import { History, path, rankWork, roundUp } from "/assets/pure/series.js";
import { explain, problemOf } from "/assets/pure/problems.js";
import { kindOf, refusal } from "/assets/pure/pictures.js";
import { bytes, count, dayGroup, seconds } from "/assets/pure/format.js";

const failures = [];
let checks = 0;
function same(found, wanted, about) {
    checks += 1;
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) failures.push(`${about}: found ${a}, wanted ${b}`);
}

/** Numbers that look random and are the same in every run. */
function* random(seed = 7) {
    for (;;) { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; yield seed / 2 ** 32; }
}

function plain(nodes) {
    return nodes.map((node) => (node.type === "text" ? node.text : `<${node.type}:${node.text ?? node.tex ?? node.address ?? node.source ?? plain(node.children ?? [])}>`)).join("");
}

function inlines() {
    for (const [text, wanted] of [
        ["a **b *c*** d", "a <strong:b <emphasis:c>> d"],
        ["*a **b** c*", "<emphasis:a <strong:b> c>"],
        ["snake_case_name __b__", "snake_case_name <strong:b>"],
        ["2 * 3 * 4", "2 * 3 * 4"],
        ["`a` ``b`c`` `d", "<code:a> <code:b`c> `d"],
        ["costs $5 and $10", "costs $5 and $10"],
        ["$a^2$, $b$ and $$c$$", "<math:a^2>, <math:b> and <math:c>"],
        ["\\(x\\) \\[y\\] \\$5", "<math:x> <math:y> $5"],
        ["so \\boxed{\\frac{1}{2}}.", "so <math:\\boxed{\\frac{1}{2}}>."],
        ["\\boxed{1", "\\boxed{1"],
        ["[t](https://a.b/c_(d)) ![p](http://x/y.png)", "<link:https://a.b/c_(d)> <image:http://x/y.png>"],
        ["see https://a.b/c. And <https://d.e>", "see <link:https://a.b/c>. And <link:https://d.e>"],
        ["<b>bold</b> &amp;", "<b>bold</b> &amp;"],
        ["~~gone~~ ~no~", "<del:gone> ~no~"],
        ["[not a link] (x)", "[not a link] (x)"],
    ]) same(plain(parseInlines(text)), wanted, `inlines of ${text}`);
}

function outline(blocks) {
    return blocks.map((block) => block.type[0] + (block.items ? `(${block.items.map(({ blocks: inner }) => outline(inner)).join("|")})` : "")
        + (block.blocks ? `(${outline(block.blocks)})` : "")).join("");
}

function blocks() {
    for (const [text, wanted] of [
        ["# a\nb\nc\n\nd", "hpp"],
        ["- a\n- b\n  - c\n  - d\n- e", "l(p|pl(p|p)|p)"],
        ["1. a\n2. b\n\n   c\n3. d", "l(p|pp|p)"],
        ["- a\n\n- b\n\ntext", "l(p|p)p"],
        ["> a\n> > b\nlazy", "q(pq(p))"],
        ["```js\na\n\n# b\n```\nc", "cp"],
        ["```\nnever closed\n\n- x", "c"],
        ["| a | b |\n|---|:-:|\n| 1 | 2 |\n\nx", "tp"],
        ["a | b\nno table", "p"],
        ["$$\nx\n$$\ny", "mp"],
        ["\\[ x \\]\n\ny", "mp"],
        ["$$ never\n\nclosed", "pp"],
        ["---\n***\n- - -", "rrr"],
        ["", ""],
    ]) same(outline(parseMarkdown(text)), wanted, `blocks of ${JSON.stringify(text)}`);
    same(parseMarkdown("| a |\n|---|\n| x \\| y |")[0].rows[0].map(plain), ["x | y"], "a bar in a cell");
    // Whatever comes in whatever pieces: no loop without end, no exception, nothing deeper than the limit.
    const letters = ["*", "_", "`", "$", "\\", "[", "]", "(", ")", "!", "\n", "- ", "> ", "1. ", "|", "a", " ", "#", "~", "<", "https://", "{", "}"];
    const next = random();
    for (let round = 0; round < 3000; round += 1) {
        let text = "";
        for (let at = 0; at < 60; at += 1) text += letters[Math.floor(next.next().value * letters.length)];
        try { parseMarkdown(text); checks += 1; } catch (error) { failures.push(`${JSON.stringify(text)} threw ${error}`); }
    }
    parseMarkdown("> ".repeat(2000) + "deep");
    parseMarkdown("- ".repeat(2000) + "deep");
    parseInlines("**".repeat(2000) + "x");
    parseInlines("[".repeat(2000));
}

function events() {
    const text = ": prefill 512/2048\r\n\r\nevent: progress\ndata: {\"a\":1}\n\ndata: one\ndata: two\n\nid: 3\ndata:x\r\rdata: [DONE]\n\n";
    const wanted = [
        { comment: "prefill 512/2048" }, { event: "progress", data: '{"a":1}' }, { event: "message", data: "one\ntwo" },
        { event: "message", data: "x" }, { event: "message", data: "[DONE]" },
    ];
    same(new EventParser().push(text), wanted, "events in one piece");
    for (let size = 1; size < 12; size += 1) {
        const parser = new EventParser();
        const found = [];
        for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
        same(found, wanted, `events in pieces of ${size}`);
    }
}

async function digests() {
    const next = random(3);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003]) {
        const content = Uint8Array.from({ length }, () => Math.floor(next.next().value * 256));
        const wanted = [...new Uint8Array(await crypto.subtle.digest("SHA-256", content))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        same(sha256(content), wanted, `digest of ${length} bytes`);
    }
}

function grids() {
    same(tileCount({ columns: 1, rows: 1 }), 1, "one tile has no thumbnail");
    same(tileCount({ columns: 3, rows: 2 }), 7, "six tiles and a thumbnail");
    same([readGrid([3, 2]), readGrid({ columns: 1, rows: 4 }), readGrid(null), readGrid([0, 1])],
        [{ columns: 3, rows: 2 }, { columns: 1, rows: 4 }, null, null], "grids of a server");
}

/** Grids for the driver, which compares them with a grid that it finds by itself. */
export function gridsOf(sizes) {
    return sizes.map(([width, height, most]) => { const { columns, rows } = chooseGrid(width, height, 448, most); return [columns, rows]; });
}

function conversations() {
    const talk = tree.newConversation(1);
    const one = tree.addTurn(talk, null, { role: "user", text: "first line\nsecond" }, 1);
    const two = tree.addTurn(talk, one.id, { role: "assistant", text: "answer" }, 2);
    const three = tree.addTurn(talk, one.id, { role: "assistant", text: "another", pictures: ["p"] }, 3);
    const four = tree.addTurn(talk, three.id, { role: "user", text: "more" }, 4);
    same(talk.title, "first line", "a title");
    same(tree.shownPath(talk).map(({ id }) => id), [one.id, three.id, four.id], "the newest branch is shown");
    same(tree.branchesOf(talk, two).count, 2, "two branches");
    tree.choose(talk, two);
    same(tree.shownPath(talk).map(({ id }) => id), [one.id, two.id], "the chosen branch is shown");
    same(tree.pathTo(talk, four.id).map(({ id }) => id), [one.id, three.id, four.id], "the path to a turn");
    same([...tree.picturesOf(talk)], ["p"], "pictures");
    same([tree.matches(talk, "ANSWER first"), tree.matches(talk, "absent")], [true, false], "search");
    tree.removeTurn(talk, three.id);
    same(Object.keys(talk.turns), [one.id, two.id], "a branch is gone with what followed");
}

function requests() {
    const turns = [{ role: "user", text: "hi", pictures: ["a"] }, { role: "assistant", text: "yes", pictures: [] }, { role: "user", text: "so", pictures: [] }];
    same(body(turns, DEFAULTS, (name) => `sha256:${name}`), {
        messages: [
            { role: "user", content: [{ type: "image_url", image_url: { url: "sha256:a" } }, { type: "text", text: "hi" }] },
            { role: "assistant", content: "yes" }, { role: "user", content: "so" },
        ], orient: true }, "a body without settings");
    const settings = { ...DEFAULTS, system: " s ", think: "on", thinkBudget: "64", temperature: "0.7", seed: "0", stop: "a\n\nb", upright: false };
    const found = body(turns.slice(2), settings, null, { stream: true });
    same(found, { messages: [{ role: "system", content: "s" }, { role: "user", content: "so" }], think_budget: 64, temperature: 0.7, seed: 0,
        think: "on", stop: ["a", "b"], stream: true }, "a body with settings");
    const example = { role: "user", text: "what's this?", pictures: [] };
    same(asCurl("http://h/", DEFAULTS, example).includes("what'\\''s this?"), true, "quotes in a shell");
    same(asPython("http://h/", settings, example).includes('extra_body={"think_budget": 64, "think": "on"}'), true, "what the official client does not know");
}

function figures() {
    const history = new History();
    const rank = (steps, compute) => ({ rank: 0, pid: 1, steps, compute_ms: compute, communication_ms: 0, tiles: 0, sent_bytes: 0, weight_bytes: 1000 });
    for (let at = 0; at <= 400_000; at += 1000) history.add({ ranks: [rank(at / 100, at / 2)], x: at }, at);
    same([history.samples.length, history.samples[0].at], [301, 100_000], "five minutes are kept");
    const [first, last] = history.ends();
    same(last.at - first.at, 5000, "two samples");
    same(rankWork(first, last, last.stats.ranks[0]), { compute: 0.5, communication: 0, steps: 10, tiles: 0, sent: 0, bandwidth: 20_000 }, "what a rank did");
    same(rankWork(first, last, { ...rank(1, 1), pid: 2 }), null, "a rank that is new");
    same([0, 1, 3, 41, 260, 0.04].map(roundUp), [1, 1, 5, 50, 500, 0.05], "tops of axes");
    const box = { now: 400_000, span: 300_000, top: 2, width: 300, height: 60 };
    same(path([[99_000, 1], [100_000, 1], [101_000, 2], [110_000, 0], [111_000, null]], box), "M0.0 30.0L1.0 0.0M10.0 60.0", "a line with a gap");
    same(history.span, 300_000, "five minutes are shown");
    same([count(1234567), count(0), bytes(999), bytes(1_500_000), bytes(41e9)], ["1\u202f234\u202f567", "0", "999 bytes", "1.5 MB", "41 GB"], "figures");
    same([seconds(320), seconds(1234), seconds(60_000), seconds(75_000), seconds(7_260_000)], ["320 ms", "1.2 s", "1 min", "1 min 15 s", "2 h 1 min"], "times");
    const noon = new Date(2026, 5, 10, 12).getTime();
    same([noon - 1, noon - 20 * 3600e3, noon - 3 * 86400e3, noon - 60 * 86400e3].map((at) => dayGroup(at, noon)),
        ["Today", "Yesterday", "Previous 7 days", "April 2026"], "days");
}

function mistakes() {
    const headers = new Headers({ "retry-after": "2" });
    const busy = problemOf(429, { error: { code: "busy", message: "64 are in line" } }, headers);
    same([busy.isForAWhile, busy.retryAfter, explain(busy).sentence], [true, 2000, "64 are in line."], "busy");
    same(problemOf(503, { error: { code: "rank_lost" } }, headers).isForAWhile, false, "what may be our own fault is not tried again");
    same(explain(problemOf(500, null, headers)).sentence, "The server answered with status 500.", "no body");
    const of = (text) => kindOf(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    same([of("\xff\xd8\xff\xe0"), of("RIFF....WEBP"), of("GIF89a"), of("....ftypheic"), of("....ftypavif"), of("hello")],
        ["JPEG", "WebP", "GIF", "HEIC", "AVIF", ""], "kinds of files");
    same(refusal("a.gif", "GIF", 1, 10), "a.gif is a GIF file; JPEG, PNG and WebP can be read.", "a wrong kind");
    same(refusal("a.jpg", "JPEG", 40e6, 33554432), "a.jpg has 40.0 MB; 34 MB are allowed.", "too big");
    same(refusal("a.jpg", "JPEG", 1, 10), "", "well");
}

export async function run() {
    for (const part of [inlines, blocks, events, grids, conversations, requests, figures, mistakes]) part();
    await digests();
    return { checks, failures };
}
