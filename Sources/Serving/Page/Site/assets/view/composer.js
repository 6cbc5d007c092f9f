// Where a question is written: text, pictures, what it will cost, and the buttons that send and stop.

import { h, icon, iconButton } from "../dom.js";
import { count } from "../pure/format.js";
import { body } from "../pure/request.js";
import { readGrid } from "../pure/tiles.js";
import { countTokens } from "../api/client.js";
import { requestAddresses } from "../store/pictures.js";
import { saveSettings, settings } from "../store/settings.js";
import { Tray, fileInput, limits } from "./tray.js";

const QUIET = 400;
/** Above this many bytes of pictures a change of the text alone is not counted again. */
const CHEAP = 2_000_000;

/**
 * `actions` are `send({text, pictures, grids})`, `stop()`, and `history()`, the turns that the question would follow.
 */
export class Composer {
    #timer = null;
    #counting = null;

    constructor(actions) {
        this.actions = actions;
        this.tray = new Tray(() => this.#changed({ pictures: true }));
        this.text = h("textarea", {
            id: "message", rows: "1", "aria-label": "Message", placeholder: "Ask about a picture, or anything", enterkeyhint: "send",
            oninput: () => this.#changed(), onkeydown: (event) => this.#key(event),
            onpaste: (event) => this.tray.paste(event),
        });
        this.estimate = h("span", { class: "estimate", role: "status" });
        this.sendButton = iconButton("send", "Send", () => this.send(), { class: "round primary" });
        this.stopButton = iconButton("stop", "Stop", () => actions.stop(), { class: "round stop", hidden: true });
        this.think = h("select", { "aria-label": "Reasoning", onchange: () => saveSettings({ think: this.think.value }) },
            [["auto", "Think: auto"], ["on", "Think: on"], ["off", "Think: off"]].map(([value, label]) => h("option", { value }, label)));
        this.takeSettings();
        this.element = h("form", { class: "composer", "aria-label": "Question", onsubmit: (event) => { event.preventDefault(); this.send(); } },
            this.tray.element, this.text,
            h("div", { class: "tools" },
                fileInput("Add pictures", icon("picture"), (files) => this.tray.add(files)),
                fileInput("Take a photo", icon("camera"), (files) => this.tray.add(files), { capture: "environment", multiple: null }),
                this.think, this.estimate, this.stopButton, this.sendButton));
        this.element.querySelectorAll(".file")[1].classList.add("camera");
    }

    takeSettings() {
        this.think.value = settings.think;
        this.tray.told.clear();
        this.tray.show();
    }

    setText(text) {
        this.text.value = text;
        this.#grow();
        this.text.focus();
        this.#changed();
    }

    /** Shows whether an answer is under way in this conversation. */
    showRunning(isRunning) {
        this.stopButton.hidden = !isRunning;
        this.sendButton.hidden = isRunning;
    }

    clear() {
        this.text.value = "";
        this.estimate.textContent = "";
        this.tray.set([]);
        this.#grow();
    }

    send() {
        const text = this.text.value.trim();
        if (this.sendButton.hidden || (!text && !this.tray.pictures.length)) { this.text.focus(); return; }
        const question = { text, pictures: this.tray.names, grids: this.tray.grids };
        clearTimeout(this.#timer);
        this.#counting?.abort();
        this.clear();
        this.actions.send(question);
    }

    #key(event) {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.send();
    }

    #grow() {
        this.text.style.height = "auto";
        this.text.style.height = `${Math.min(this.text.scrollHeight, 0.4 * window.innerHeight)}px`;
    }

    #changed({ pictures = false } = {}) {
        this.#grow();
        const size = this.tray.pictures.reduce((sum, picture) => sum + picture.size, 0);
        if (!pictures && size > CHEAP) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#count(), pictures ? 0 : QUIET);
    }

    // What the server would make of it: tiles of each picture, tokens of everything. It runs nothing there.
    async #count() {
        this.#counting?.abort();
        const names = this.tray.names;
        const text = this.text.value.trim();
        if (!text && !names.length) { this.estimate.textContent = ""; return; }
        const controller = new AbortController();
        this.#counting = controller;
        try {
            const turns = [...this.actions.history(), { role: "user", text, pictures: names }];
            const address = await requestAddresses(turns.flatMap((turn) => turn.pictures));
            const found = await countTokens(body(turns, settings, address), controller.signal);
            if (!controller.signal.aborted) this.#told(found, names);
        } catch (problem) {
            if (problem.name === "AbortError") return;
            this.estimate.textContent = problem.status === 400 ? problem.message : "";
            this.estimate.classList.toggle("wrong", problem.status === 400);
        }
    }

    #told({ input_tokens: tokens, tiles = [], grid = [], ignored }, names) {
        // A server that does not turn photos: the page shows them as the model sees them.
        this.tray.upright = !ignored.includes("orient");
        const from = tiles.length - names.length;
        names.forEach((name, index) => {
            const told = readGrid(grid[from + index]);
            const tileTokens = (tiles[from + index] ?? 0) * limits.tileTokens;
            if (tileTokens) this.tray.told.set(name, { ...(told && { grid: told }), tokens: tileTokens });
        });
        this.tray.show();
        const room = limits.context ? h("span", { class: "room" }, `of ${count(limits.context)} `) : "";
        this.estimate.replaceChildren(`${count(tokens)} `, room, "tokens");
        this.estimate.classList.toggle("wrong", Boolean(limits.context) && tokens >= limits.context);
    }
}
