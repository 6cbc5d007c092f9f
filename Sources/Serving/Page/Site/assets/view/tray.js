// The pictures of a question that is being written: taken in by file, drop, paste or camera, and shown with what they cost.

import { h, iconButton, announce } from "../dom.js";
import { plural } from "../pure/format.js";
import { kindOf, refusal } from "../pure/pictures.js";
import { chooseGrid, tileCount } from "../pure/tiles.js";
import * as pictures from "../store/pictures.js";
import { settings } from "../store/settings.js";
import { pictureButton, pictureFacts, tileSwitch } from "./picture.js";

/** What the server allows, until it has said. */
const LIMITS = { maxBytes: 33_554_432, maxImages: 32, side: 448, maxTiles: 10, tileTokens: 256, context: null };

export const limits = { ...LIMITS };

/** Takes over what `/flotilla/info` says. */
export function takeLimits(info) {
    const model = info.model ?? {};
    Object.assign(limits, {
        maxBytes: info.max_blob ?? LIMITS.maxBytes, maxImages: info.max_images ?? LIMITS.maxImages,
        side: model.tile_side ?? LIMITS.side, maxTiles: model.max_tiles ?? LIMITS.maxTiles,
        tileTokens: model.visual_tokens_per_tile ?? LIMITS.tileTokens, context: info.max_context ?? null,
    });
}

/** The tiles of a picture as the settings of the moment have them. */
export function gridOf(picture, upright = settings.upright) {
    const [width, height] = upright ? [picture.width, picture.height] : [picture.rawWidth, picture.rawHeight];
    return chooseGrid(width, height, limits.side, Number(settings.maxTiles) || limits.maxTiles);
}

/** The tray; `changed` is called when pictures came or went. */
export class Tray {
    pictures = [];
    /** By picture: the grid and the tokens that the server has told. */
    told = new Map();
    upright = true;

    constructor(changed) {
        this.changed = changed;
        this.list = h("ul", { class: "chips" });
        this.notice = h("p", { class: "notice", role: "alert" });
        this.element = h("div", { class: "tray" }, this.list, this.notice);
        this.show();
    }

    get names() { return this.pictures.map(({ sha256 }) => sha256); }

    /** How each picture is shown, by its name. */
    get grids() { return Object.fromEntries(this.pictures.map((picture) => [picture.sha256, this.view(picture)])); }

    set(list) {
        this.pictures = list;
        this.notice.textContent = "";
        this.show();
    }

    /** Takes in the files of a paste, if it has any. */
    paste(event) {
        const files = filesOf(event.clipboardData);
        if (!files.length) return;
        event.preventDefault();
        this.add(files);
    }

    /** Takes in files; what cannot be sent is said at once. */
    async add(files) {
        const problems = [];
        for (const file of files) {
            const problem = await this.#take(file);
            if (problem) problems.push(problem);
        }
        this.notice.textContent = problems.join(" ");
        this.show();
        if (this.pictures.length) announce(`${plural(this.pictures.length, "picture")} in the question.`);
        this.changed();
    }

    async #take(file) {
        const name = file.name || "The picture";
        if (this.pictures.length >= limits.maxImages) return `${name} is one too many: ${limits.maxImages} pictures are allowed.`;
        const content = new Uint8Array(await file.arrayBuffer());
        const refused = refusal(name, kindOf(content), content.length, limits.maxBytes);
        if (refused) return refused;
        try {
            const picture = await pictures.keep(content, file.name || "pasted picture");
            if (!this.names.includes(picture.sha256)) this.pictures.push(picture);
            return "";
        } catch {
            return `${name} is damaged: it cannot be decoded.`;
        }
    }

    remove(picture) {
        this.pictures = this.pictures.filter((other) => other !== picture);
        this.notice.textContent = "";
        this.show();
        this.changed();
    }

    /** How a picture is shown: the server's tiles where it has told them, else those that we computed. */
    view(picture) {
        const upright = settings.upright && this.upright;
        const told = this.told.get(picture.sha256);
        const grid = told?.grid ?? gridOf(picture, upright);
        return { grid, upright, tokens: told?.tokens ?? tileCount(grid) * limits.tileTokens };
    }

    show() {
        this.element.classList.toggle("empty", !this.pictures.length);
        this.list.replaceChildren(...this.pictures.map((picture) => {
            const view = this.view(picture);
            return h("li", {}, pictureButton(picture, view),
                h("span", { class: "facts" }, h("b", {}, picture.name), pictureFacts(picture, view)),
                iconButton("close", `Take ${picture.name} away`, () => this.remove(picture)));
        }), this.pictures.length ? h("li", { class: "of-all" }, tileSwitch()) : "");
    }
}

/** An input for files that looks like a button; keyboards reach the input itself. */
export function fileInput(label, face, onfiles, attributes = {}) {
    const input = h("input", {
        type: "file", class: "offscreen", multiple: true, accept: "image/jpeg,image/png,image/webp", "aria-label": label, ...attributes,
        onchange: () => { onfiles([...input.files]); input.value = ""; },
    });
    return h("label", { class: "icon-button file", title: label }, input, face);
}

/** Files of a drop or a paste. */
export function filesOf(transfer) {
    return [...(transfer?.files ?? [])];
}
