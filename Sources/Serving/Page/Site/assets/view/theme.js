// Dark, light, or what the system says.

import { icon, iconButton, announce } from "../dom.js";
import { saveTheme, theme } from "../store/settings.js";

const NAMES = ["", "light", "dark"];
const WORDS = { "": "as the system says", light: "light", dark: "dark" };
const ICONS = { "": "system", light: "light", dark: "dark" };

export function themeButton() {
    const show = (name) => {
        if (name) document.documentElement.dataset.theme = name;
        else delete document.documentElement.dataset.theme;
        const label = `Colours: ${WORDS[name]}`;
        button.setAttribute("aria-label", label);
        button.title = label;
        button.firstChild.replaceWith(icon(ICONS[name]));
    };
    const button = iconButton("system", "Colours", () => {
        const next = NAMES[(NAMES.indexOf(theme()) + 1) % NAMES.length];
        saveTheme(next);
        show(next);
        announce(`Colours: ${WORDS[next]}.`);
    });
    show(theme());
    return button;
}
