// The settings of a question, and what they look like as curl and as Python.

import { h, iconButton, copyButton } from "../dom.js";
import { DEFAULTS, asCurl, asPython } from "../pure/request.js";
import { base } from "../api/client.js";
import { saveSettings, settings } from "../store/settings.js";

const EXAMPLE = { role: "user", text: "What is in this picture?", pictures: ["example"] };

/** Names, and what an empty field means. */
const FIELDS = [
    ["Reasoning", [
        ["think", "Think", "auto: as the model does; on: asked to; off: not at all", ["auto", "on", "off"]],
        ["thinkBudget", "Thinking tokens at most", "no limit", { min: 0, step: 1 }],
    ]],
    ["Length and pictures", [
        ["maxTokens", "Tokens at most", "to the end of the context", { min: 1, step: 1 }],
        ["maxTiles", "Tiles of a picture at most", "as the checkpoint says", { min: 1, max: 64, step: 1 }],
        ["upright", "Turn photos upright", "as the camera noted", "switch"],
    ]],
    ["Sampling", [
        ["temperature", "Temperature", "0: always the likeliest token", { min: 0, max: 100, step: "any" }],
        ["seed", "Seed", "drawn", { min: 0, step: 1 }],
        ["topP", "Top p", "off", { min: 0, max: 1, step: "any" }],
        ["topK", "Top k", "off", { min: -1, step: 1 }],
        ["minP", "Min p", "off", { min: 0, max: 1, step: "any" }],
        ["repetitionPenalty", "Repetition penalty", "1", { min: 0, step: "any" }],
        ["presencePenalty", "Presence penalty", "0", { min: -2, max: 2, step: "any" }],
        ["frequencyPenalty", "Frequency penalty", "0", { min: -2, max: 2, step: "any" }],
        ["stop", "End at these texts", "one a line", "lines"],
    ]],
];

function control(name, label, hint, kind) {
    const id = `setting-${name}`;
    const shared = { id, name, "aria-describedby": `${id}-hint` };
    if (kind === "switch") return h("input", { ...shared, type: "checkbox", role: "switch" });
    if (kind === "lines") return h("textarea", { ...shared, rows: "2" });
    if (Array.isArray(kind)) return h("select", shared, kind.map((value) => h("option", { value }, value)));
    return h("input", { ...shared, type: "number", inputmode: "decimal", placeholder: hint, ...kind });
}

function field([name, label, hint, kind]) {
    const id = `setting-${name}`;
    const input = control(name, label, hint, kind);
    // What an empty field means stands in it, and is said aloud; where something stands in it already, it is below.
    const isSeen = name === "temperature" || kind.min === undefined;
    const note = h("span", { class: isSeen ? "hint" : "hidden", id: `${id}-hint` }, hint);
    return h("div", { class: kind === "switch" ? "field wide" : "field" }, h("label", { for: id }, label), input, note);
}

function fill(form, values) {
    for (const element of form.elements) {
        if (!(element.name in DEFAULTS)) continue;
        if (element.type === "checkbox") element.checked = values[element.name];
        else element.value = values[element.name];
    }
}

function read(form) {
    const values = {};
    for (const element of form.elements) {
        if (!(element.name in DEFAULTS)) continue;
        values[element.name] = element.type === "checkbox" ? element.checked : element.value;
    }
    return values;
}

function snippet(title, text) {
    return h("div", { class: "code" },
        h("div", { class: "code-head" }, h("span", { class: "language" }, title), copyButton(`Copy ${title}`, () => text.textContent)),
        h("pre", { tabindex: "0" }, text));
}

/** Opens the dialog; `changed` is called for every change, which is kept at once. */
export function openSettings(changed) {
    const [curl, python] = [h("code"), h("code")];
    const showCode = () => {
        curl.textContent = asCurl(base, settings, EXAMPLE);
        python.textContent = asPython(base, settings, EXAMPLE);
    };
    const take = () => {
        if (!form.checkValidity()) return;
        saveSettings(read(form));
        showCode();
        changed();
    };
    const system = h("div", { class: "field wide" }, h("label", { for: "setting-system" }, "System text"),
        h("textarea", { id: "setting-system", name: "system", rows: "3", placeholder: "Empty: the model's own" }));
    const form = h("form", { class: "settings", oninput: take, onsubmit: (event) => event.preventDefault() },
        h("fieldset", {}, h("legend", {}, "Instructions"), system),
        FIELDS.map(([legend, fields]) => h("fieldset", {}, h("legend", {}, legend), h("div", { class: "fields" }, fields.map(field)))),
        h("fieldset", {}, h("legend", {}, "The same from elsewhere"), snippet("curl", curl), snippet("Python", python)));
    const dialog = h("dialog", { class: "wide", "aria-labelledby": "settings-title", onclose: () => dialog.remove() },
        h("header", {}, h("h2", { id: "settings-title" }, "Settings"),
            h("button", { type: "button", class: "plain", onclick: () => { fill(form, DEFAULTS); take(); } }, "Reset"),
            iconButton("close", "Close", () => dialog.close())),
        form);
    fill(form, settings);
    showCode();
    document.body.append(dialog);
    dialog.showModal();
}
