// What went wrong, as a sentence for people, with a hint; and whether to try again by ourselves.

/** An error of the API, or of the way to it: `status` 0 is a server that cannot be reached. */
export class Problem extends Error {
    constructor({ status = 0, code = "", message = "", retryAfter = null }) {
        super(message);
        Object.assign(this, { status, code, retryAfter });
    }

    /** Whether the same request may be taken in a moment. */
    get isForAWhile() {
        return (this.status === 429 || this.status === 503) && ["busy", "loading"].includes(this.code);
    }
}

const HINTS = {
    busy: "Many requests are in line.",
    loading: "The model is being loaded.",
    draining: "The server is being stopped and takes no new questions.",
    rank_lost: "The processes that compute were lost too often under this question.",
    context_length_exceeded: "Take pictures or earlier turns away, or allow fewer tiles in the settings.",
    request_too_large: "Take some pictures away, or send smaller ones.",
    image_too_big: "Send a smaller picture.",
    forbidden: "This token may not do that.",
    host_not_allowed: "The server must be started with --http-host and the name in the address bar.",
    deadline: "The time that was allowed is over.",
};

/** A problem of an answer with a status; `body` is its JSON, or null. */
export function problemOf(status, body, headers) {
    const error = body?.error ?? {};
    const milliseconds = Number(headers?.get("retry-after-ms")) || 1000 * Number(headers?.get("retry-after")) || null;
    return new Problem({
        status,
        code: error.code ?? "",
        message: error.message || `the server answered with status ${status}`,
        retryAfter: milliseconds,
    });
}

/** One sentence, and a hint where there is one. */
export function explain(problem) {
    if (!(problem instanceof Problem)) return { sentence: String(problem?.message ?? problem), hint: "" };
    if (problem.status === 0) {
        return { sentence: "The server cannot be reached.", hint: problem.message || "Is it running? What was said is kept." };
    }
    const text = problem.message.trim();
    return { sentence: text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : "."), hint: HINTS[problem.code] ?? "" };
}
