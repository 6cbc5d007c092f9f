// Conversations in IndexedDB, all of them in memory while the page is open: nothing is kept on the server.

import { merge, newId, picturesOf } from "../pure/conversation.js";
import * as database from "./database.js";
import * as pictures from "./pictures.js";
import { tab } from "./tab.js";

const JOURNAL = "flotilla-journal";
const known = new Map();
const tabs = new BroadcastChannel("flotilla-conversations");
let hooks = { changed() {}, failed() {}, isRunning: () => false, needed: () => [] };

/**
 * `changed(id)` is called when another tab has changed a conversation, `failed(error)` when one cannot be kept;
 * `isRunning(turn id)` says what this tab is at, `needed()` the names of pictures that no conversation has yet.
 */
export function connect(given) {
    hooks = { ...hooks, ...given };
}

tabs.onmessage = async ({ data: { id } }) => {
    const theirs = await database.get("conversations", id);
    const ours = known.get(id);
    if (!theirs) known.delete(id);
    else if (ours) merge(ours, theirs, hooks.isRunning);
    else known.set(id, theirs);
    hooks.changed(id);
};

/** Reads all conversations; an answer that a reload interrupted keeps what came of it. */
export async function load() {
    const journal = JSON.parse(sessionStorage.getItem(JOURNAL) ?? "{}");
    for (const conversation of await database.all("conversations")) {
        known.set(conversation.id, conversation);
        if (mend(conversation, journal)) await save(conversation);
    }
}

function mend(conversation, journal) {
    let mended = false;
    for (const turn of Object.values(conversation.turns)) {
        if (turn.state !== "running") continue;
        // Another tab may be at it: it says so every half second.
        if (turn.tab !== tab && Date.now() - turn.touched < 5000) continue;
        Object.assign(turn, journal[turn.id] ?? {}, { state: "interrupted" });
        mended = true;
    }
    return mended;
}

/** Notes, at once, what running answers have so far: IndexedDB may not be ready before the page is gone. */
export function writeJournal(turns) {
    const entries = turns.map(({ id, text, thinking }) => [id, { text, thinking }]);
    sessionStorage.setItem(JOURNAL, JSON.stringify(Object.fromEntries(entries)));
}

/** Newest first. */
export function list() {
    return [...known.values()].sort((a, b) => b.updated - a.updated);
}

export const get = (id) => known.get(id);

/** Makes a conversation one of those that are kept. */
export function add(conversation) {
    known.set(conversation.id, conversation);
}

/** Keeps a conversation as it is now; one that was deleted meanwhile stays so. */
export async function save(conversation) {
    if (known.get(conversation.id) !== conversation) return;
    try {
        await database.put("conversations", conversation);
        tabs.postMessage({ id: conversation.id });
    } catch (error) {
        hooks.failed(error);
    }
}

async function forget(id) {
    known.delete(id);
    await database.remove("conversations", id);
    tabs.postMessage({ id });
}

export async function remove(id) {
    await forget(id);
    await sweep();
}

export async function removeAll() {
    for (const id of [...known.keys()]) await forget(id);
    await sweep();
}

/** Lets pictures go that no conversation needs. */
export async function sweep() {
    await pictures.sweep(new Set([...list().flatMap((conversation) => [...picturesOf(conversation)]), ...hooks.needed()]));
}

/** Conversations with their pictures, as one text. */
export async function exported(conversations) {
    const names = new Set(conversations.flatMap((conversation) => [...picturesOf(conversation)]));
    const found = [];
    for (const name of names) {
        const picture = await pictures.find(name);
        if (picture) found.push({ name: picture.name, data: await pictures.dataURL(picture.blob) });
    }
    return JSON.stringify({ format: "flotilla-conversations", version: 1, conversations, pictures: found });
}

/** Takes in what `exported` wrote; returns how many conversations came. What is here already is not overwritten. */
export async function imported(text) {
    const file = JSON.parse(text);
    if (file?.format !== "flotilla-conversations" || !Array.isArray(file.conversations)) {
        throw new Error("this is no file of exported conversations");
    }
    for (const { name, data } of file.pictures ?? []) {
        const base64 = String(data).slice(String(data).indexOf(",") + 1);
        await pictures.keep(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), String(name));
    }
    for (const conversation of file.conversations) {
        const copy = checked(conversation);
        if (known.has(copy.id)) copy.id = newId();
        add(copy);
        await save(copy);
    }
    return file.conversations.length;
}

// A file is somebody else's: what is not a turn is left out, and nothing in it can be running.
function checked(conversation) {
    const turns = {};
    for (const [id, turn] of Object.entries(conversation?.turns ?? {})) {
        if (!["user", "assistant"].includes(turn?.role) || turn.id !== id) continue;
        const names = Array.isArray(turn.pictures) ? turn.pictures.filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
        const state = turn.state === "running" ? "interrupted" : turn.state;
        turns[id] = { ...turn, text: String(turn.text ?? ""), pictures: names, state };
    }
    for (const turn of Object.values(turns)) if (!(turn.parent in turns)) turn.parent = null;
    return {
        id: String(conversation.id ?? newId()), title: String(conversation.title ?? ""), named: Boolean(conversation.named),
        created: Number(conversation.created) || Date.now(), updated: Number(conversation.updated) || Date.now(),
        turns, chosen: { ...conversation.chosen },
    };
}
