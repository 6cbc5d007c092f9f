// Requests to the server that this page came from. Addresses are relative, so that any prefix in front works.

import { Problem, problemOf } from "../pure/problems.js";
import { token } from "../store/settings.js";

/** Where the API is, as people would write it down. */
export const base = new URL(".", document.baseURI).href;

let askForToken = null;

/** `ask` resolves when a token was given, and rejects when it was not. */
export function onUnauthorized(ask) {
    askForToken = ask;
}

/**
 * A response that is well; all others are thrown as a Problem. After a 401 the token is asked for, and it is tried again,
 * except where nobody waits for the answer (`asks` false).
 */
export async function send(path, { body, signal, method, asks = true } = {}) {
    for (;;) {
        const used = token();
        const response = await attempt(path, { body, signal, method }, used);
        if (response.ok) return response;
        const problem = problemOf(response.status, await response.json().catch(() => null), response.headers);
        if (response.status !== 401 || !askForToken || !asks) throw problem;
        // Somebody else may have been asked meanwhile.
        if (used === token()) await askForToken({ wasWrong: Boolean(used) });
    }
}

async function attempt(path, { body, signal, method = body ? "POST" : "GET" }, used) {
    const headers = { ...(body && { "content-type": "application/json" }), ...(used && { authorization: `Bearer ${used}` }) };
    try {
        return await fetch(new URL(path, base), {
            method, headers, signal, body: body && JSON.stringify(body), cache: "no-store", referrerPolicy: "no-referrer",
        });
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Problem({ message: "" });
    }
}

export const getJSON = async (path, options) => (await send(path, options)).json();

/** What the model and the server are; asked for once, and again while there is no answer. */
let information = null;
export function info() {
    information ??= getJSON("flotilla/info").catch((problem) => { information = null; throw problem; });
    return information;
}

/** What a request would cost: tokens and tiles, and which members the server does not know. */
export async function countTokens(body, signal) {
    const response = await send("v1/chat/completions/input_tokens", { body, signal, asks: false });
    const ignored = (response.headers.get("flotilla-ignored") ?? "").split(/\s*,\s*/).filter(Boolean);
    return { ...await response.json(), ignored };
}
