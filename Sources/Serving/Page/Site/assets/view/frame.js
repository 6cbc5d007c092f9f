// What is around the conversation: the bar at the top, the title, and the whole window as a place to drop pictures.

import { h, icon, iconButton, setText } from "../dom.js";
import { filesOf } from "./tray.js";

/** `actions` are the buttons' listeners; `theme` is a button. */
export function topBar(actions) {
    const model = h("span", { class: "model" });
    const drawer = iconButton("menu", "Conversations", actions.drawer, { "aria-expanded": "false", "aria-controls": "conversations" });
    const cluster = iconButton("cluster", "Cluster", actions.cluster, { text: "Cluster", "aria-expanded": "false", "aria-controls": "cluster" });
    const element = h("header", { class: "top" },
        drawer,
        h("span", { class: "brand" }, h("img", { src: "assets/icon.svg", alt: "", width: "26", height: "26" }), "Flotilla"), model,
        h("span", { class: "space" }),
        iconButton("add", "New conversation", actions.begin, { text: "New" }),
        cluster,
        iconButton("settings", "Settings", actions.settings),
        actions.theme);
    return {
        element, drawer, cluster,
        isAway: () => model.classList.contains("away"),
        /** Names the model that answers. */
        showModel(info) {
            setText(model, info.model.name);
            model.classList.remove("away");
        },
        /** Says that nobody answers, or nobody without a token. */
        showAway(problem) {
            setText(model, problem.status === 401 ? "token needed" : "server away");
            model.classList.add("away");
        },
    };
}

const title = h("h1", { class: "hidden" }, "Flotilla");

/** The title of what is shown, for the window and for those who listen. */
export const headings = {
    element: title,
    show(text) {
        setText(title, text || "New conversation");
        document.title = text ? `${text} – Flotilla` : "Flotilla";
    },
};

/** Pictures may be dropped anywhere; a sign says so while they are held over the page. */
export function acceptDrops(take) {
    const sign = h("div", { class: "drop", hidden: true }, h("div", {}, icon("picture"), "Drop pictures to ask about them"));
    document.body.append(sign);
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragover", (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        sign.hidden = false;
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) sign.hidden = true; });
    document.addEventListener("drop", (event) => {
        sign.hidden = true;
        if (!hasFiles(event)) return;
        event.preventDefault();
        take(filesOf(event.dataTransfer));
    });
}
