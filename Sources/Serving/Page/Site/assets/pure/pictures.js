// What can be known about a picture's bytes before anybody decodes them.

const hex = (bytes, from, to) => [...bytes.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const ascii = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

/** The kind of a file, by its first bytes: what it calls itself is not believed. */
export function kindOf(bytes) {
    if (hex(bytes, 0, 3) === "ffd8ff") return "JPEG";
    if (hex(bytes, 0, 8) === "89504e470d0a1a0a") return "PNG";
    if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return "WebP";
    if (ascii(bytes, 0, 4) === "GIF8") return "GIF";
    if (ascii(bytes, 0, 4) === "%PDF") return "PDF";
    if (ascii(bytes, 0, 2) === "BM") return "BMP";
    if (["49492a00", "4d4d002a"].includes(hex(bytes, 0, 4))) return "TIFF";
    if (ascii(bytes, 4, 8) === "ftyp") return /avi[fs]/.test(ascii(bytes, 8, 12)) ? "AVIF" : "HEIC";
    return "";
}

export const MEDIA = { JPEG: "image/jpeg", PNG: "image/png", WebP: "image/webp" };

/** Why a file cannot be sent, as a sentence; empty where it can. */
export function refusal(name, kind, size, maxBytes) {
    if (!kind) return `${name} is no picture that can be read; JPEG, PNG and WebP can.`;
    if (!MEDIA[kind]) return `${name} is ${/^[AH]/.test(kind) ? "an" : "a"} ${kind} file; JPEG, PNG and WebP can be read.`;
    if (size > maxBytes) return `${name} has ${(size / 1e6).toFixed(1)} MB; ${(maxBytes / 1e6).toFixed(0)} MB are allowed.`;
    return "";
}
