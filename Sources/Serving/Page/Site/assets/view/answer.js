// An answer as it comes: progress, thinking in a fold, text, the boxed result, and what it took.

import { h, iconButton, copyButton, setText } from "../dom.js";
import { runOf } from "../asking.js";
import { branchSwitch } from "./question.js";
import { formula } from "./math.js";
import { showMarkdown } from "./markdown.js";
import { facts, outcome, progressOf, thinkingLine } from "./sentences.js";

/** `actions` are `again(turn, {sameSeed})`, `remove(turn)` and `choose(turn)`. */
export class AnswerView {
    #frame = 0;
    #cost = 0;
    #isFolded = null;

    constructor(conversation, turn, actions) {
        Object.assign(this, { conversation, turn, actions });
        this.summary = h("summary", { onclick: () => { this.#isFolded = this.thinking.open; } });
        this.thought = h("div", { class: "prose thought" });
        this.thinking = h("details", { class: "thinking", "aria-label": "Thinking", hidden: true,
            ontoggle: () => { if (this.thinking.open) showMarkdown(this.thought, turn.thinking); } }, this.summary, this.thought);
        this.progressText = h("span");
        this.bar = h("progress", { "aria-label": "Progress" });
        this.progress = h("div", { class: "progress" }, h("span", { class: "pulse" }), this.progressText, this.bar);
        this.text = h("div", { class: "prose" });
        this.boxed = h("div", { class: "boxed", hidden: true });
        this.problem = h("p", { class: "problem", hidden: true });
        this.facts = h("p", { class: "facts" });
        this.actionsRow = h("div", { class: "actions" });
        this.element = h("article", { class: "answer", "aria-label": "Answer", "data-turn": turn.id },
            h("h2", { class: "hidden" }, "Answer"), this.thinking, this.progress, this.text, this.boxed, this.problem,
            h("div", { class: "foot" }, this.facts, this.actionsRow));
    }

    /** Draws with the browser's next frame, however often it is called before. */
    update() {
        if (this.#frame) return;
        // What takes long to draw is drawn less often, so that most of the time is left for the person.
        this.#frame = setTimeout(() => requestAnimationFrame(() => {
            this.#frame = 0;
            const began = performance.now();
            this.draw();
            this.#cost = performance.now() - began;
        }), Math.min(4 * this.#cost, 1000));
    }

    draw() {
        const { turn } = this;
        const run = runOf(turn);
        this.element.classList.toggle("running", Boolean(run));
        this.#drawThinking(run);
        this.#drawProgress(run);
        if (turn.text || this.text.shown) showMarkdown(this.text, turn.text);
        this.#drawBoxed();
        const ended = turn.problem && turn.state === "failed" ? [turn.problem.sentence, turn.problem.hint] : [outcome(turn, run)];
        setText(this.problem, ended.filter(Boolean).join(" "));
        this.problem.hidden = !this.problem.textContent;
        this.problem.classList.toggle("wrong", turn.state === "failed");
        setText(this.facts, facts(turn, run));
    }

    #drawThinking(run) {
        const { turn } = this;
        this.thinking.hidden = !turn.thinking;
        if (!turn.thinking) return;
        const isThinking = Boolean(run) && turn.thinkingMs === undefined;
        this.thinking.classList.toggle("now", isThinking);
        // Open while it runs, folded behind; but what a person has opened or closed stays so.
        this.thinking.open = this.#isFolded === null ? isThinking : !this.#isFolded;
        setText(this.summary, thinkingLine(turn, run));
        if (this.thinking.open) showMarkdown(this.thought, turn.thinking);
    }

    #drawProgress(run) {
        const now = run && progressOf(this.turn, run);
        this.progress.hidden = !now;
        if (!now) return;
        setText(this.progressText, now.sentence);
        this.bar.hidden = !now.total;
        if (now.total) { this.bar.max = now.total; this.bar.value = now.done; }
    }

    #drawBoxed() {
        const { boxed } = this.turn;
        if (!boxed || !this.boxed.hidden) return;
        this.boxed.hidden = false;
        this.boxed.replaceChildren(h("span", { class: "label" }, "Result"),
            h("span", { class: "value" }, formula(boxed, false)), copyButton("Copy the result", () => boxed));
    }

    drawActions() {
        const { turn, conversation, actions } = this;
        if (runOf(turn)) { this.actionsRow.replaceChildren(); return; }
        this.actionsRow.replaceChildren(...[
            branchSwitch(conversation, turn, actions),
            copyButton("Copy the answer", () => turn.text),
            iconButton("again", "Ask again with a new seed", () => actions.again(turn, { sameSeed: false })),
            turn.seed === undefined ? null
                : iconButton("same", `Ask again with the same seed, ${turn.seed}`, () => actions.again(turn, { sameSeed: true })),
            iconButton("remove", "Delete the answer and what follows", () => actions.remove(turn)),
        ].filter(Boolean));
    }
}
