// A question: its pictures and text, its branches, and the form in which it is edited.

import { h, icon, iconButton, copyButton } from "../dom.js";
import { branchesOf } from "../pure/conversation.js";
import * as pictures from "../store/pictures.js";
import { missingPicture, pictureButton } from "./picture.js";
import { Tray, fileInput, gridOf } from "./tray.js";

/** `actions` are `edit(turn, question)`, `remove(turn)` and `choose(turn)`. */
export function questionView(conversation, turn, actions) {
    const element = h("article", { class: "question", "aria-label": "Question", "data-turn": turn.id });
    showQuestion(element, conversation, turn, actions);
    return element;
}

function showQuestion(element, conversation, turn, actions) {
    const shown = h("div", { class: "pictures" });
    showPictures(shown, turn);
    element.replaceChildren(
        h("h2", { class: "hidden" }, "Question"),
        turn.pictures.length ? shown : "",
        turn.text ? h("div", { class: "bubble" }, turn.text) : "",
        h("div", { class: "actions" },
            branchSwitch(conversation, turn, actions),
            iconButton("edit", "Edit and ask as a branch", () => editQuestion(element, conversation, turn, actions)),
            copyButton("Copy the question", () => turn.text),
            iconButton("remove", "Delete the question and what follows", () => actions.remove(turn))));
}

async function showPictures(container, turn) {
    const found = await Promise.all(turn.pictures.map((name) => pictures.find(name)));
    container.replaceChildren(...found.map((picture) => {
        if (!picture) return missingPicture();
        const view = turn.grids?.[picture.sha256] ?? { grid: gridOf(picture) };
        return pictureButton(picture, view);
    }));
}

/** ‹ 2 / 3 ›, where there are several. */
export function branchSwitch(conversation, turn, actions) {
    const { index, count, before, after } = branchesOf(conversation, turn);
    if (count < 2) return null;
    return h("span", { class: "branches" },
        iconButton("previous", "Branch before", () => actions.choose(before), { disabled: !before }),
        h("span", { "aria-label": `Branch ${index + 1} of ${count}`, role: "img" }, `${index + 1} / ${count}`),
        iconButton("next", "Branch behind", () => actions.choose(after), { disabled: !after }));
}

async function editQuestion(element, conversation, turn, actions) {
    const tray = new Tray(() => {});
    const back = () => {
        showQuestion(element, conversation, turn, actions);
        element.querySelector(".actions button:not([disabled])")?.focus();
    };
    const text = h("textarea", { rows: "3", "aria-label": "Edited text",
        onkeydown: (event) => {
            if (event.key === "Escape") { event.stopPropagation(); back(); }
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); ask(); }
        },
        onpaste: (event) => tray.paste(event),
    });
    text.value = turn.text;
    const ask = () => {
        if (!text.value.trim() && !tray.pictures.length) return;
        actions.edit(turn, { text: text.value.trim(), pictures: tray.names, grids: tray.grids });
    };
    element.replaceChildren(h("h2", { class: "hidden" }, "Question"),
        h("form", { class: "edit", onsubmit: (event) => { event.preventDefault(); ask(); } },
            tray.element, text,
            h("div", { class: "tools" },
                fileInput("More pictures for this question", icon("picture"), (files) => tray.add(files)),
                h("button", { type: "button", class: "plain", onclick: back }, "Cancel"),
                h("button", { type: "submit", class: "primary" }, "Ask as a branch"))));
    text.focus();
    tray.set((await Promise.all(turn.pictures.map((name) => pictures.find(name)))).filter(Boolean));
}
