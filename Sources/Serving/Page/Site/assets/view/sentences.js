// What an answer says about itself, in words.

import { count, plural, rate, seconds } from "../pure/format.js";

/** What is going on before the first token, and while nothing comes: `{sentence, done, total}`, or null. */
export function progressOf(turn, run) {
    if (run.waiting) {
        const left = Math.max(0, Math.ceil((run.waiting.until - performance.now()) / 1000));
        return { sentence: `${run.waiting.hint || run.waiting.sentence} Trying again in ${left} s.` };
    }
    const { progress } = run;
    if (!progress) return turn.text || turn.thinking ? null : { sentence: "Waiting for the model" };
    const { stage, done, total, note } = progress;
    if (note && /rank|group/.test(note)) return { sentence: `Ranks are being replaced: ${note.replace(/^ranks were lost; /, "")}` };
    switch (stage) {
    case "queue": return { sentence: total > 1 ? `Place ${count(total)} in line` : "Next in line" };
    case "vision": return { sentence: `Looking: tile ${count(done)} of ${count(total)}`, done, total };
    case "prefill": return { sentence: `Reading: ${count(done)} of ${plural(total, "token")}`, done, total };
    default: return null;
    }
}

/** The line of the fold: how long, how much, and why it ended early. */
export function thinkingLine(turn, run) {
    const isThinking = run && turn.thinkingMs === undefined;
    const time = isThinking ? performance.now() - run.thoughtFrom : turn.thinkingMs;
    const tokens = turn.usage?.completion_tokens_details?.reasoning_tokens ?? turn.thinkingTokens;
    const parts = [isThinking ? "Thinking" : "Thought"];
    if (time !== undefined) parts[0] += ` for ${seconds(time)}`;
    if (tokens) parts.push(plural(tokens, "token"));
    if (turn.thinkingCut) parts.push(turn.thinkingCut === "loop" ? "cut: it went in circles" : "cut: the budget was used up");
    return parts.join(" · ");
}

/** Why there is less than a whole answer; empty where it is whole. */
export function outcome(turn, run) {
    if (turn.state === "running" && !run) return "Another tab waits for this answer.";
    if (turn.state === "stopped") return "Stopped.";
    if (turn.state === "interrupted") return "The page was closed or reloaded while this came. What had come is kept.";
    if (turn.ended === "deadline") return "Cut: the time that was allowed is over.";
    if (turn.finish === "length") return "Cut: no more tokens were allowed.";
    return "";
}

/** What it took: tokens, speed, time to the first token, seed. */
export function facts(turn, run) {
    const parts = [];
    if (run) {
        if (run.first === null) return seconds(performance.now() - run.asked);
        const time = performance.now() - run.first;
        parts.push(plural(run.pieces, "token"));
        if (run.pieces > 4 && time > 200) parts.push(`${rate((1000 * run.pieces) / time)} tokens/s`);
        parts.push(`first after ${seconds(run.first - run.asked)}`);
        return parts.join(" · ");
    }
    const { usage, timing } = turn;
    if (usage) parts.push(plural(usage.completion_tokens, "token"));
    if (timing?.tokens_per_second) parts.push(`${rate(timing.tokens_per_second)} tokens/s`);
    if (timing?.ttft_ms !== undefined) parts.push(`first after ${seconds(timing.ttft_ms)}`);
    if (usage) {
        const cached = usage.prompt_tokens_details?.cached_tokens;
        parts.push(`prompt ${count(usage.prompt_tokens)}${cached ? `, ${count(cached)} of it cached` : ""}`);
    }
    if (turn.seed !== undefined) parts.push(`seed ${turn.seed}`);
    if (turn.replays) parts.push(`ranks replaced ${turn.replays === 1 ? "once" : `${turn.replays} times`}`);
    return parts.join(" · ");
}

/** What is said aloud when an answer has ended. */
export function spoken(turn) {
    if (turn.state === "failed") return `No answer. ${turn.problem?.sentence ?? ""}`;
    if (turn.state === "stopped") return "The answer was stopped.";
    const tokens = turn.usage ? `, ${plural(turn.usage.completion_tokens, "token")}` : "";
    return `The answer is complete${tokens}.${turn.boxed ? ` The result is ${turn.boxed}.` : ""}`;
}
