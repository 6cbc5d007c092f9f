// A streamed answer, as a sequence of small events: what an answer is made of, and nothing of HTTP.

import { EventParser } from "../pure/sse.js";
import { Problem, problemOf } from "../pure/problems.js";
import { send } from "./client.js";

/**
 * Yields `{accepted}` with the status, `{progress}`, `{thinking}`, `{text}`, and at the end `{finish, report}` and
 * `{usage}`. Throws a Problem for an error, also for one that comes amid the stream, and for a stream that just ends.
 */
export async function* streamAnswer(body, signal) {
    const response = await send("v1/chat/completions", { body: { ...body, ...STREAM }, signal });
    yield { accepted: true };
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser();
    let finished = false;
    for (;;) {
        const { done, value } = await read(reader);
        for (const event of parser.push(done ? "" : decoder.decode(value, { stream: true }))) {
            if (event.data === "[DONE]") return;
            for (const item of items(event)) {
                finished ||= item.finish !== undefined;
                yield item;
            }
        }
        if (!done) continue;
        if (finished) return;
        throw new Problem({ message: "The answer broke off. What came is kept." });
    }
}

const STREAM = { stream: true, stream_options: { include_usage: true }, return_progress: true };

async function read(reader) {
    try {
        return await reader.read();
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Problem({ message: "The connection was lost. What came is kept." });
    }
}

function* items(event) {
    if (event.comment !== undefined) {
        const found = /^(\w+) (\d+)\/(\d+)/.exec(event.comment);
        if (found) yield { progress: { stage: found[1], done: Number(found[2]), total: Number(found[3]) } };
        return;
    }
    const chunk = JSON.parse(event.data);
    if (event.event === "progress") { yield { progress: chunk }; return; }
    if (chunk.error) throw problemOf(chunk.error.status ?? 500, chunk, null);
    if (chunk.flotilla) yield { report: chunk.flotilla };
    if (chunk.usage) yield { usage: chunk.usage };
    const choice = chunk.choices?.[0];
    const thinking = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning;
    if (thinking) yield { thinking };
    if (choice?.delta?.content) yield { text: choice.delta.content };
    if (choice?.finish_reason) yield { finish: choice.finish_reason };
}
