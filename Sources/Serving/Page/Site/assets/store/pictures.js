// Pictures by the SHA-256 of their bytes, each kept once, however often it is sent.

import { digest } from "../pure/sha256.js";
import { MEDIA, kindOf } from "../pure/pictures.js";
import * as database from "./database.js";

/** Addresses of pictures that are shown, by name: made once, for as long as the page is open. */
const addresses = new Map();
/** Those that came by this page: another tab may let go of what no conversation names yet. */
const held = new Map();
/** When each was last part of a request that the server took: it then knows the picture by its name for a while. */
const sent = new Map();
const KNOWN_FOR = 300_000;

/** Keeps a picture and returns `{sha256, name, size, width, height, rawWidth, rawHeight}`; the sizes are upright and as stored. */
export async function keep(bytes, name) {
    const sha256 = await digest(bytes);
    const known = await find(sha256);
    if (known) return known;
    const blob = new Blob([bytes], { type: MEDIA[kindOf(bytes)] });
    const upright = await createImageBitmap(blob);
    const raw = await createImageBitmap(blob, { imageOrientation: "none" });
    const picture = {
        sha256, name, blob, size: bytes.length,
        width: upright.width, height: upright.height, rawWidth: raw.width, rawHeight: raw.height,
    };
    upright.close();
    raw.close();
    held.set(sha256, picture);
    await database.put("pictures", picture);
    return picture;
}

export const find = async (sha256) => held.get(sha256) ?? database.get("pictures", sha256);

/** Makes sure that pictures of a question are kept, now that it is asked. */
export async function ensure(names) {
    for (const name of names) if (held.has(name)) await database.put("pictures", held.get(name));
}

/** An address that an `img` takes. */
export function address(picture) {
    if (!addresses.has(picture.sha256)) addresses.set(picture.sha256, URL.createObjectURL(picture.blob));
    return addresses.get(picture.sha256);
}

/** What stands for each picture in a request: its name where the server knows it, else all of its bytes. */
export async function requestAddresses(names, { whole = false } = {}) {
    const found = new Map();
    for (const name of new Set(names)) {
        const isKnown = !whole && Date.now() - (sent.get(name) ?? -Infinity) < KNOWN_FOR;
        found.set(name, isKnown ? `sha256:${name}` : await dataURL((await find(name))?.blob));
    }
    return (name) => found.get(name);
}

export function noteSent(names) {
    for (const name of names) sent.set(name, Date.now());
}

export function forgetSent() {
    sent.clear();
}

export function dataURL(blob) {
    if (!blob) throw new Error("a picture of this conversation is no longer kept here");
    return new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(blob);
    });
}

/** Lets go of pictures that no conversation names. */
export async function sweep(needed) {
    for (const name of await database.keys("pictures")) {
        if (needed.has(name)) continue;
        await database.remove("pictures", name);
        if (addresses.has(name)) URL.revokeObjectURL(addresses.get(name));
        addresses.delete(name);
        held.delete(name);
    }
}
