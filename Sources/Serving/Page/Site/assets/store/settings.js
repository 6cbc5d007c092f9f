// What a person has chosen: settings of questions, dark or light, and the token.

import { DEFAULTS } from "../pure/request.js";

const read = (storage, key) => { try { return storage.getItem(key); } catch { return null; } };

function write(storage, key, value) {
    try {
        if (value === null) storage.removeItem(key);
        else storage.setItem(key, value);
    } catch { /* A browser that keeps nothing: it is then forgotten when the page goes. */ }
}

export const settings = { ...DEFAULTS, ...JSON.parse(read(localStorage, "flotilla-settings") ?? "{}") };

export function saveSettings(changed) {
    Object.assign(settings, changed);
    write(localStorage, "flotilla-settings", JSON.stringify(settings));
}

/** "light", "dark", or "" for what the system says. */
export const theme = () => read(localStorage, "flotilla-theme") ?? "";

export function saveTheme(name) {
    write(localStorage, "flotilla-theme", name || null);
}

/** A switch that is on or off, such as whether tiles are drawn. */
export const flag = (name) => read(localStorage, `flotilla-${name}`) === "on";
export const saveFlag = (name, on) => write(localStorage, `flotilla-${name}`, on ? "on" : "off");

let current = read(sessionStorage, "flotilla-token") ?? read(localStorage, "flotilla-token") ?? "";

export const token = () => current;

/** Keeps a token until the tab is closed, or, on wish, for longer. */
export function saveToken(value, forLong) {
    current = value;
    write(sessionStorage, "flotilla-token", value || null);
    write(localStorage, "flotilla-token", forLong && value ? value : null);
}
