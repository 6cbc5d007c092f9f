// From the tree of Markdown to elements. Links and pictures are text until somebody clicks.

import { h, copyButton } from "../dom.js";
import { parseMarkdown } from "../pure/markdown.js";
import { formula } from "./math.js";

/** Shows `text` in `container`; blocks whose source is as before keep their elements. */
export function showMarkdown(container, text) {
    const blocks = parseMarkdown(text);
    const old = container.shown ?? [];
    let same = 0;
    while (same < blocks.length && same < old.length && old[same].raw === blocks[same].raw) same += 1;
    const kept = old.slice(0, same);
    for (const { element } of old.slice(same)) element.remove();
    const fresh = blocks.slice(same).map((block) => ({ raw: block.raw, element: blockElement(block) }));
    container.append(...fresh.map(({ element }) => element));
    container.shown = [...kept, ...fresh];
}

function blockElement(block) {
    switch (block.type) {
    // One level for all, below that of the answer: a model begins with whatever level it likes.
    case "heading": return h("h3", { class: `level-${block.level}` }, inlines(block.inlines));
    case "code": return code(block);
    case "quote": return h("blockquote", {}, block.blocks.map(blockElement));
    case "rule": return h("hr");
    case "math": return h("div", { class: "formula", tabindex: "0", role: "group", "aria-label": "Formula" }, formula(block.tex, true));
    case "list": return list(block);
    case "table": return table(block);
    default: return h("p", {}, inlines(block.inlines));
    }
}

function code({ language, text }) {
    const label = language ? h("span", { class: "language" }, language) : null;
    return h("div", { class: "code" },
        h("div", { class: "code-head" }, label, copyButton("Copy code", () => text)),
        h("pre", { tabindex: "0" }, h("code", {}, text)));
}

function list({ ordered, start, loose, items }) {
    const children = items.map(({ checked, blocks }) => {
        const box = checked === null ? null : h("span", { class: "task" }, checked ? "☑ " : "☐ ");
        const inner = blocks.flatMap((block) =>
            !loose && block.type === "paragraph" ? inlines(block.inlines) : [blockElement(block)]);
        return h("li", { class: checked === null ? null : "has-task" }, box, inner);
    });
    return ordered ? h("ol", { start: start === 1 ? null : start }, children) : h("ul", {}, children);
}

function table({ align, head, rows }) {
    const cell = (tag, content, column) => h(tag, { class: `to-${align[column]}`, scope: tag === "th" ? "col" : null },
        tag === "th" && content.length && content.every(({ type }) => type === "math") ? spelled(content) : inlines(content));
    return h("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, h("table", {},
        h("thead", {}, h("tr", {}, head.map((content, column) => cell("th", content, column)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((content, column) => cell("td", content, column)))))));
}

/** Formulas that are the whole of a heading are there as text, too: some who read tables aloud find none in them. */
function spelled(nodes) {
    const source = nodes.map(({ tex }) => tex).join(" ");
    return [h("span", { class: "hidden" }, source), h("span", { "aria-hidden": "true" }, inlines(nodes))];
}

function inlines(nodes) {
    return nodes.map(inline);
}

function inline(node) {
    switch (node.type) {
    case "text": return node.text;
    case "code": return h("code", {}, node.text);
    case "strong": return h("strong", {}, inlines(node.children));
    case "emphasis": return h("em", {}, inlines(node.children));
    case "del": return h("del", {}, inlines(node.children));
    case "break": return h("br");
    case "math": return formula(node.tex, node.display);
    case "link": return link(inlines(node.children), node.address);
    default: return link([node.alt || "picture"], node.source, "picture");
    }
}

// What a model writes may have been put into its mouth by a picture: an address is shown in full before anything goes there.
function link(children, address, kind = "link") {
    if (!/^https?:\/\//.test(address)) return h("span", {}, children, ` (${address})`);
    const open = () => {
        const anchor = h("a", { href: address, target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer" }, address);
        const shown = h("span", { class: "revealed" }, " ", anchor);
        button.after(shown);
        button.setAttribute("aria-expanded", "true");
        button.disabled = true;
        anchor.focus();
    };
    const button = h("button", { type: "button", class: "link", title: address, "aria-expanded": "false", onclick: open }, children,
        h("span", { class: "hidden" }, ` (${kind}: show the address)`));
    return button;
}
