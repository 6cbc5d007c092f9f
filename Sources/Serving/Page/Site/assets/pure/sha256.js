// SHA-256 in plain JavaScript: browsers keep theirs from pages that came by plain HTTP from another machine. FIPS 180-4.

const K = constants(64, 3);
const H = constants(8, 2);

/** The first 32 bits behind the point of the square (2) or cube (3) roots of the first primes. */
function constants(count, root) {
    const found = [];
    for (let n = 2; found.length < count; n += 1) {
        let prime = true;
        for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
        if (prime) found.push(Number(rootFraction(BigInt(n), root)));
    }
    return new Uint32Array(found);
}

/** floor(n^(1/root) · 2³²) mod 2³², in whole numbers, so that no last bit depends on a browser's `Math.cbrt`. */
function rootFraction(n, root) {
    const scaled = n << BigInt(32 * root);
    let low = 0n;
    let high = 1n << 40n;
    while (high - low > 1n) {
        const middle = (low + high) >> 1n;
        if (middle ** BigInt(root) <= scaled) low = middle;
        else high = middle;
    }
    return low & 0xffffffffn;
}

function padded(bytes) {
    const whole = new Uint8Array(((bytes.length + 8) >> 6 << 6) + 64);
    whole.set(bytes);
    whole[bytes.length] = 0x80;
    const view = new DataView(whole.buffer);
    view.setUint32(whole.length - 8, Math.floor(bytes.length / 0x20000000));
    view.setUint32(whole.length - 4, (bytes.length << 3) >>> 0);
    return view;
}

/** The digest of a Uint8Array, in hexadecimal. */
export function sha256(bytes) {
    const view = padded(bytes);
    const state = Uint32Array.from(H);
    const w = new Uint32Array(64);
    for (let at = 0; at < view.byteLength; at += 64) {
        for (let i = 0; i < 16; i += 1) w[i] = view.getUint32(at + 4 * i);
        for (let i = 16; i < 64; i += 1) {
            const x = w[i - 15];
            const y = w[i - 2];
            const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
            const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        mix(state, w);
    }
    return [...state].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function mix(state, w) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
}

/** The digest by the browser where it lends it, else by the above. */
export async function digest(bytes) {
    if (!globalThis.crypto?.subtle) return sha256(bytes);
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...found].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
