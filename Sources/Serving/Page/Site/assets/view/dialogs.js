// Questions of the page itself: whether to delete, and for the token.

import { h } from "../dom.js";
import { Problem } from "../pure/problems.js";
import { saveToken } from "../store/settings.js";

/** Shows a dialog; resolves with the value of the button that closed it, "" after Esc. */
function ask(title, content, buttons) {
    return new Promise((resolve) => {
        const dialog = h("dialog", { class: "small", "aria-labelledby": "dialog-title" },
            h("form", { method: "dialog" }, h("h2", { id: "dialog-title" }, title), content, h("div", { class: "buttons" }, buttons)));
        dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue); });
        document.body.append(dialog);
        dialog.showModal();
    });
}

export async function confirmed(title, text, action) {
    return await ask(title, h("p", {}, text), [
        h("button", { class: "plain", value: "", formnovalidate: true }, "Cancel"),
        h("button", { class: "danger", value: "yes" }, action),
    ]) === "yes";
}

export function told(title, text) {
    return ask(title, h("p", {}, text), [h("button", { class: "primary", value: "yes" }, "Close")]);
}

let asking = null;

/** Asks for the token, once for all who need it; rejects when none is given. */
export function askForToken({ wasWrong }) {
    asking ??= askOnce(wasWrong).finally(() => { asking = null; });
    return asking;
}

async function askOnce(wasWrong) {
    const input = h("input", { type: "password", id: "token", required: true, autocomplete: "off", "aria-describedby": "token-help" });
    const forLong = h("input", { type: "checkbox" });
    const content = h("div", {},
        h("p", { id: "token-help" }, wasWrong ? "The token was not accepted. " : "", "This server answers only those who know one of its tokens."),
        h("label", { for: "token" }, "Token"), input,
        h("label", { class: "check" }, forLong, "Keep it in this browser"));
    const answer = await ask("A token is needed", content, [
        h("button", { class: "plain", value: "", formnovalidate: true }, "Cancel"),
        h("button", { class: "primary", value: "yes" }, "Use it"),
    ]);
    if (answer !== "yes" || !input.value.trim()) {
        throw new Problem({ status: 401, code: "invalid_api_key", message: "no token was given" });
    }
    saveToken(input.value.trim(), forLong.checked);
}
