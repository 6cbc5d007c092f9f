// Elements without HTML: the policy of this page allows no text to become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children. `on…` are listeners, `true` is an attribute without a value, `null` and `false`
 * are none at all; children that are null or false are left out, texts become text.
 */
export function h(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG's namespace. */
export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** Sets a text only where it differs, so that what is selected stays selected. */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
    add: "M12 5v14M5 12h14",
    menu: "M4 7h16M4 12h16M4 17h10",
    send: "M12 19V5M6 11l6-6 6 6",
    stop: "M7 7h10v10H7z",
    picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
    camera: "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    close: "M6 6l12 12M18 6L6 18",
    copy: "M9 9h11v11H9zM5 15H4V4h11v1",
    done: "M5 13l4 4L19 7",
    again: "M20 12a8 8 0 1 1-2.5-5.8M20 4v4.5h-4.5",
    same: "M5 9h14M5 15h14",
    edit: "M5 19h3L19 8l-3-3L5 16zM14 7l3 3",
    remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
    settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    cluster: "M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01M11 7.5h5M11 16.5h5",
    light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4",
    dark: "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z",
    system: "M4 5h16v11H4zM9 20h6M12 16v4",
    previous: "M15 6l-6 6 6 6",
    next: "M9 6l6 6-6 6",
    down: "M12 5v14M6 13l6 6 6-6",
    grid: "M4 4h16v16H4zM4 12h16M12 4v16",
    more: "M6 12h.01M12 12h.01M18 12h.01",
    export: "M12 15V4M8 8l4-4 4 4M5 15v5h14v-5",
    import: "M12 4v11M8 11l4 4 4-4M5 15v5h14v-5",
    search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.7-4.7",
};

export function icon(name) {
    return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** A button that shows an icon and is called `label`; with `text` it shows that as well. */
export function iconButton(name, label, onclick, { text = null, class: more = "", ...attributes } = {}) {
    const words = text ? h("span", { class: "words" }, text) : null;
    const all = { type: "button", class: `icon-button ${more}`.trim(), "aria-label": label, title: label, onclick, ...attributes };
    return h("button", all, icon(name), words);
}

/** A copy on the clipboard; the second way is for pages that came by plain HTTP from another machine. */
export async function copyText(text) {
    if (navigator.clipboard && await navigator.clipboard.writeText(text).then(() => true, () => false)) return;
    const area = h("textarea", { class: "offscreen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
}

/** A button that copies what `read` returns, and shows for a moment that it did. */
export function copyButton(label, read, attributes = {}) {
    const button = iconButton("copy", label, async () => {
        await copyText(read());
        button.firstChild.replaceWith(icon("done"));
        setTimeout(() => button.firstChild.replaceWith(icon("copy")), 1500);
        announce("Copied.");
    }, attributes);
    return button;
}

/** Lets people who listen know, in a sentence. */
export function announce(sentence) {
    const region = document.getElementById("announcements");
    region.append(h("p", {}, sentence));
    while (region.children.length > 4) region.firstChild.remove();
}

/** Saves `text` as a file of the person's. */
export function download(name, text, type = "application/json") {
    const address = URL.createObjectURL(new Blob([text], { type }));
    h("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
