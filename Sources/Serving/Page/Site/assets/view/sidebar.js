// The list of conversations: search, open, rename, delete, and files of them.

import { h, icon, iconButton, download } from "../dom.js";
import { matches } from "../pure/conversation.js";
import { dayGroup, plural } from "../pure/format.js";
import { runsIn } from "../asking.js";
import * as conversations from "../store/conversations.js";
import { confirmed, told } from "./dialogs.js";

/** `actions` are `open(id)`, `renamed(conversation)` and `removed(id)`; an id of null stands for all. */
export class Sidebar {
    constructor(actions) {
        this.actions = actions;
        this.search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search conversations", oninput: () => this.show() });
        this.list = h("div", { class: "list" });
        this.element = h("nav", { id: "conversations", "aria-label": "Conversations" },
            h("h2", { class: "hidden" }, "Conversations"),
            h("div", { class: "search" }, icon("search"), this.search), this.list,
            h("div", { class: "foot" },
                iconButton("export", "Export all conversations", () => this.#export(conversations.list(), "flotilla-conversations")),
                this.#importInput(),
                iconButton("remove", "Delete all conversations", () => this.#removeAll())));
    }

    show(current = this.current) {
        this.current = current;
        const found = conversations.list().filter((conversation) => matches(conversation, this.search.value));
        if (!found.length) {
            this.list.replaceChildren(h("p", { class: "none" }, this.search.value ? "Nothing is like that." : "No conversations yet."));
            return;
        }
        const groups = Map.groupBy ? Map.groupBy(found, ({ updated }) => dayGroup(updated)) : new Map([["All", found]]);
        this.list.replaceChildren(...[...groups].flatMap(([name, members]) =>
            [h("h3", {}, name), h("ul", {}, members.map((conversation) => this.#entry(conversation)))]));
    }

    #entry(conversation) {
        const isCurrent = conversation.id === this.current;
        const title = conversation.title || "Untitled";
        const entry = h("li", { class: isCurrent ? "entry current" : "entry" },
            h("button", { type: "button", class: "open", "aria-current": isCurrent ? "page" : null, onclick: () => this.actions.open(conversation.id) },
                runsIn(conversation).length ? h("span", { class: "pulse", role: "img", "aria-label": "An answer is coming" }) : null, h("span", {}, title)),
            iconButton("edit", `Rename ${title}`, () => this.#rename(entry, conversation)),
            isCurrent ? iconButton("export", `Export ${title}`, () => this.#export([conversation], title)) : null,
            iconButton("remove", `Delete ${title}`, () => this.#remove(conversation)));
        return entry;
    }

    #rename(entry, conversation) {
        const input = h("input", { "aria-label": "Title", value: conversation.title, maxlength: "120" });
        let isDone = false;
        const end = async (keep) => {
            if (isDone) return;
            isDone = true;
            const title = input.value.trim();
            if (keep && title) {
                Object.assign(conversation, { title, named: true });
                await conversations.save(conversation);
                this.actions.renamed(conversation);
            }
            this.show();
            this.list.querySelector(".current .open")?.focus();
        };
        input.addEventListener("keydown", (event) => {
            if (event.key === "Enter") end(true);
            if (event.key === "Escape") { event.stopPropagation(); end(false); }
        });
        input.addEventListener("blur", () => end(true));
        entry.replaceChildren(input);
        input.focus();
        input.select();
    }

    async #remove(conversation) {
        if (!await confirmed(`Delete “${conversation.title || "Untitled"}”?`, "It is kept nowhere else.", "Delete")) return;
        for (const run of runsIn(conversation)) run.controller.abort();
        await conversations.remove(conversation.id);
        this.actions.removed(conversation.id);
    }

    async #removeAll() {
        const all = conversations.list();
        if (!all.length) return;
        if (!await confirmed(`Delete ${plural(all.length, "conversation")}?`, "They are kept nowhere else. Export them first, if in doubt.", "Delete all")) return;
        for (const conversation of all) for (const run of runsIn(conversation)) run.controller.abort();
        await conversations.removeAll();
        this.actions.removed(null);
    }

    async #export(list, name) {
        const plain = name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
        download(`${plain}.json`, await conversations.exported(list));
    }

    #importInput() {
        const input = h("input", { type: "file", class: "offscreen", accept: "application/json,.json", "aria-label": "Import conversations",
            onchange: async () => {
                const [file] = input.files;
                input.value = "";
                try {
                    const count = await conversations.imported(await file.text());
                    this.show();
                    await told("Imported", `${plural(count, "conversation")} from ${file.name}.`);
                } catch (error) {
                    await told("Not imported", `${file.name}: ${error.message}.`);
                }
            } });
        return h("label", { class: "icon-button file", title: "Import conversations" }, input, icon("import"));
    }
}
