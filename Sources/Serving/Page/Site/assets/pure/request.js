// From turns and settings to the body of POST /v1/chat/completions, and the same as curl and as Python.

/** Every setting, with the value that changes nothing. Empty texts are what the server does by itself. */
export const DEFAULTS = Object.freeze({
    system: "", think: "auto", thinkBudget: "", maxTokens: "", maxTiles: "", upright: true,
    temperature: "0", topP: "", topK: "", minP: "", repetitionPenalty: "", presencePenalty: "", frequencyPenalty: "",
    seed: "", stop: "",
});

const NUMBERS = {
    thinkBudget: "think_budget", maxTokens: "max_completion_tokens", maxTiles: "max_tiles", temperature: "temperature",
    topP: "top_p", topK: "top_k", minP: "min_p", repetitionPenalty: "repetition_penalty",
    presencePenalty: "presence_penalty", frequencyPenalty: "frequency_penalty", seed: "seed",
};

/** The members that settings stand for; what is as the server would do it anyway is left out. */
export function options(settings) {
    const found = {};
    for (const [name, member] of Object.entries(NUMBERS)) {
        const text = String(settings[name] ?? "").trim();
        if (text !== "" && Number.isFinite(Number(text))) found[member] = Number(text);
    }
    if (found.temperature === 0) delete found.temperature;
    if (settings.think && settings.think !== "auto") found.think = settings.think;
    const stop = String(settings.stop ?? "").split("\n").filter(Boolean);
    if (stop.length) found.stop = stop;
    return found;
}

/** `turns` as messages; `address(name)` is what stands for a picture. Thinking is never part of a prompt. */
export function messages(turns, settings, address) {
    const list = settings.system?.trim() ? [{ role: "system", content: settings.system.trim() }] : [];
    for (const turn of turns) {
        if (turn.role === "assistant") {
            // An answer that never came is not one.
            if (turn.text) list.push({ role: "assistant", content: turn.text });
        } else if (!turn.pictures.length) {
            list.push({ role: "user", content: turn.text });
        } else {
            const parts = turn.pictures.map((name) => ({ type: "image_url", image_url: { url: address(name) } }));
            if (turn.text) parts.push({ type: "text", text: turn.text });
            list.push({ role: "user", content: parts });
        }
    }
    return list;
}

/** The whole body; `more` are members of the moment, such as `stream`. */
export function body(turns, settings, address, more = {}) {
    const pictures = turns.some((turn) => turn.pictures.length);
    const upright = pictures && settings.upright !== false ? { orient: true } : {};
    return { messages: messages(turns, settings, address), ...options(settings), ...upright, ...more };
}

// A picture in an example is a file of the reader's own.
const FILE = "data:image/jpeg;base64,…";

export function asCurl(base, settings, example) {
    const content = JSON.stringify(body([example], settings, () => FILE), null, 2).replaceAll("'", "'\\''");
    return [
        `curl ${base}v1/chat/completions \\`,
        "  -H 'content-type: application/json' \\",
        "  -H \"authorization: Bearer $FLOTILLA_TOKEN\" \\",
        `  -d '${content}'`,
    ].join("\n");
}

/** Members that the official client has no parameter for go into `extra_body`. */
const OFFICIAL = new Set([
    "messages", "max_completion_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop",
]);

export function asPython(base, settings, example) {
    const whole = body([example], settings, () => FILE);
    const official = Object.entries(whole).filter(([name]) => OFFICIAL.has(name));
    const extra = Object.fromEntries(Object.entries(whole).filter(([name]) => !OFFICIAL.has(name)));
    const lines = official.map(([name, value]) => `    ${name}=${python(value, 1)},`);
    if (Object.keys(extra).length) lines.push(`    extra_body=${python(extra, 1)},`);
    return [
        "import os", "from openai import OpenAI", "",
        `client = OpenAI(base_url="${base}v1", api_key=os.environ.get("FLOTILLA_TOKEN", "none"))`,
        "answer = client.chat.completions.create(", '    model="",', ...lines, ")",
        "print(answer.choices[0].message.content)",
    ].join("\n");
}

function python(value, depth) {
    const pad = "    ".repeat(depth + 1);
    const end = "    ".repeat(depth);
    if (value === true) return "True";
    if (value === false) return "False";
    if (value === null) return "None";
    if (typeof value !== "object") return JSON.stringify(value);
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    const inner = Array.isArray(value)
        ? value.map((item) => python(item, depth + 1))
        : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, depth + 1)}`);
    const short = open + inner.join(", ") + close;
    if (short.length + depth * 4 < 88 && !short.includes("\n")) return short;
    return `${open}\n${inner.map((line) => `${pad}${line},`).join("\n")}\n${end}${close}`;
}
