// A picture with the tiles that the model cuts it into drawn over it, and the same in large.

import { h, svg, icon, iconButton } from "../dom.js";
import { bytes, count } from "../pure/format.js";
import { describeGrid } from "../pure/tiles.js";
import { address } from "../store/pictures.js";
import { flag, saveFlag } from "../store/settings.js";

document.documentElement.dataset.tiles = flag("tiles") ? "on" : "off";

/** A switch for the tiles over all pictures; every such switch on the page shows the same. */
export function tileSwitch() {
    const box = h("input", {
        type: "checkbox", role: "switch", class: "tile-switch",
        onchange: () => {
            saveFlag("tiles", box.checked);
            document.documentElement.dataset.tiles = box.checked ? "on" : "off";
            for (const other of document.querySelectorAll(".tile-switch")) other.checked = box.checked;
        },
    });
    box.checked = document.documentElement.dataset.tiles === "on";
    return h("label", { class: "switch" }, box, h("span", { class: "track" }), "Show tiles");
}

/** The tiles over a picture: it is stretched to the grid, so that each tile has the same share of it. */
function overlay({ columns, rows }) {
    const lines = [];
    for (let x = 1; x < columns; x += 1) lines.push(`M${x} 0V${rows}`);
    for (let y = 1; y < rows; y += 1) lines.push(`M0 ${y}H${columns}`);
    const d = `M0 0H${columns}V${rows}H0Z${lines.join("")}`;
    const box = { viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", class: "tiles", "aria-hidden": "true" };
    return svg("svg", box, svg("path", { d, class: "under" }), svg("path", { d }));
}

/** `view` is `{grid, upright}`: the tiles, and whether the model sees the picture turned as its camera noted. */
export function pictureFrame(picture, { grid, upright = true }) {
    const turn = upright ? "" : "as-stored";
    const image = h("img", { src: address(picture), alt: picture.name, class: turn, draggable: "false" });
    // The whole once more, squeezed into one tile: the last thing that the model sees of a picture of several tiles.
    const several = grid.columns * grid.rows > 1;
    const thumbnail = several && h("span", { class: "thumbnail" },
        h("img", { src: address(picture), alt: "", class: turn }), h("span", {}, "thumbnail"));
    return h("div", { class: "frame" }, h("div", { class: "over" }, image, overlay(grid)), thumbnail);
}

export function pictureFacts(picture, { grid, upright = true, tokens = null }) {
    const [width, height] = upright ? [picture.width, picture.height] : [picture.rawWidth, picture.rawHeight];
    const facts = [`${width} × ${height}`, bytes(picture.size), describeGrid(grid)];
    if (tokens) facts.push(`${count(tokens)} tokens`);
    return facts.join(" · ");
}

/** A picture that opens in large when it is clicked. */
export function pictureButton(picture, view) {
    const label = `Look at ${picture.name}`;
    return h("button", { type: "button", class: "picture", "aria-label": label, title: pictureFacts(picture, view),
        onclick: () => showLarge(picture, view) }, pictureFrame(picture, view));
}

function showLarge(picture, view) {
    const close = iconButton("close", "Close", () => dialog.close());
    const dialog = h("dialog", { class: "large", "aria-label": picture.name, onclose: () => dialog.remove() },
        h("header", {}, h("h2", {}, picture.name), tileSwitch(), close),
        pictureFrame(picture, view),
        h("p", { class: "facts" }, pictureFacts(picture, view)));
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
}

/** Stands where a picture was that is no longer kept. */
export function missingPicture() {
    return h("span", { class: "missing" }, icon("picture"), "picture is not kept any more");
}
