// Questions under way: asks, collects what comes into the turn, saves it as it comes, and tells those who look.

import { pathTo } from "./pure/conversation.js";
import { explain, Problem } from "./pure/problems.js";
import { body } from "./pure/request.js";
import { streamAnswer } from "./api/stream.js";
import * as conversations from "./store/conversations.js";
import * as pictures from "./store/pictures.js";
import { tab } from "./store/tab.js";

const SAVE_EVERY = 400;
const TRIES = 8;

/** By the answer's id: what is known while it runs and not kept: `{conversation, turn, controller, …}`. */
const running = new Map();
const listeners = new Set();

/**
 * Calls `listener(turn, what)` whenever an answer changes; `what` is "begun", "thinking", "answering", "piece",
 * "progress" or "ended".
 */
export function onChange(listener) {
    listeners.add(listener);
}

const tell = (turn, what) => { for (const listener of listeners) listener(turn, what); };

export const runOf = (turn) => running.get(turn?.id) ?? null;
export const isRunning = (id) => running.has(id);
export const runsIn = (conversation) => [...running.values()].filter((run) => run.conversation.id === conversation.id);

export function stop(turn) {
    running.get(turn.id)?.controller.abort();
}

/** Asks for `turn`, an empty answer below a question, with `settings`. Resolves when it has ended, however. */
export async function begin(conversation, turn, settings) {
    const run = {
        conversation, turn, settings, controller: new AbortController(),
        asked: performance.now(), first: null, thoughtFrom: null, pieces: 0, progress: null, waiting: null, saved: 0,
    };
    running.set(turn.id, run);
    Object.assign(turn, { state: "running", text: "", thinking: "", tab, touched: Date.now() });
    conversations.add(conversation);
    tell(turn, "begun");
    const saving = setInterval(() => save(run), SAVE_EVERY);
    try {
        await save(run);
        await pictures.ensure(conversation.turns[turn.parent].pictures);
        await tryAgain(run);
        turn.state = "done";
    } catch (error) {
        const stopped = run.controller.signal.aborted;
        turn.state = stopped ? "stopped" : "failed";
        if (!stopped) turn.problem = explain(error);
        if (!stopped && !(error instanceof Problem)) console.error(error);
    } finally {
        clearInterval(saving);
        endThinking(run);
        turn.totalMs = performance.now() - run.asked;
        running.delete(turn.id);
        await conversations.save(conversation);
        tell(turn, "ended");
    }
}

async function save({ conversation, turn }) {
    turn.touched = Date.now();
    await conversations.save(conversation);
}

// What is refused for a while is asked for again, as the official clients do; pictures that the server has forgotten are
// sent again, once.
async function tryAgain(run) {
    let whole = false;
    for (let attempt = 1; ; attempt += 1) {
        try {
            return await attemptOnce(run, whole);
        } catch (error) {
            if (error.code === "picture_gone" && !whole) {
                pictures.forgetSent();
                whole = true;
            } else if (error instanceof Problem && error.isForAWhile && attempt < TRIES) {
                await pause(run, error);
            } else {
                throw error;
            }
        }
    }
}

function pause(run, problem) {
    const milliseconds = Math.min(Math.max(problem.retryAfter ?? 2000, 500), 30_000);
    run.waiting = { ...explain(problem), until: performance.now() + milliseconds };
    tell(run.turn, "progress");
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => { run.waiting = null; resolve(); }, milliseconds);
        run.controller.signal.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(run.controller.signal.reason);
        });
    });
}

async function attemptOnce(run, whole) {
    const turns = pathTo(run.conversation, run.turn.parent);
    const names = turns.flatMap((turn) => turn.pictures);
    const address = await pictures.requestAddresses(names, { whole });
    const request = body(turns, run.settings, address);
    for await (const item of streamAnswer(request, run.controller.signal)) {
        if (item.accepted) pictures.noteSent(names);
        take(run, item);
    }
}

function take(run, item) {
    const { turn } = run;
    if (item.progress) {
        run.progress = item.progress;
        tell(turn, "progress");
    }
    if (item.report) takeReport(turn, item.report);
    if (item.usage) turn.usage = item.usage;
    if (item.finish) turn.finish = item.finish;
    if (item.thinking || item.text) {
        run.first ??= performance.now();
        run.progress = null;
        run.pieces += 1;
        if (item.thinking) {
            if (run.thoughtFrom === null) tell(turn, "thinking");
            run.thoughtFrom ??= performance.now();
            turn.thinking += item.thinking;
            turn.thinkingTokens = (turn.thinkingTokens ?? 0) + 1;
        } else {
            endThinking(run);
            if (!turn.text) tell(turn, "answering");
            turn.text += item.text;
        }
        tell(turn, "piece");
    }
}

function endThinking(run) {
    if (run.thoughtFrom === null || run.turn.thinkingMs !== undefined) return;
    run.turn.thinkingMs = performance.now() - run.thoughtFrom;
}

function takeReport(turn, report) {
    const { seed, boxed, thinking_cut: thinkingCut, replays, tiles, grid, timing, finish } = report;
    for (const [name, value] of Object.entries({ seed, boxed, thinkingCut, replays, tiles, grid, timing })) {
        if (value !== undefined && value !== null) turn[name] = value;
    }
    if (finish) turn.ended = finish;
}

// A reload must find what came.
window.addEventListener("pagehide", () => conversations.writeJournal([...running.values()].map(({ turn }) => turn)));
