// The conversation in the middle: its turns, kept at the end while something comes, unless a person has scrolled away.

import { h, icon } from "../dom.js";
import { branchesOf, shownPath } from "../pure/conversation.js";
import { onChange, runOf, runsIn } from "../asking.js";
import { AnswerView } from "./answer.js";
import { questionView } from "./question.js";

const NEAR = 80;

export class Chat {
    #views = new Map();
    #questions = new Map();
    #follows = true;

    /** `actions` are those of questions and answers, and `suggest(text)`. */
    constructor(actions) {
        this.actions = actions;
        this.column = h("div", { class: "column" });
        this.down = h("button", { type: "button", class: "down", hidden: true, "aria-label": "To the newest",
            onclick: () => this.follow() }, icon("down"));
        this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Turns", onscroll: () => this.#scrolled() }, this.column);
        this.element = h("div", { class: "chat" }, this.scroller, this.down);
        onChange((turn, what) => this.#changed(turn, what));
        // Seconds go on while nothing comes.
        setInterval(() => { for (const view of this.#views.values()) if (runOf(view.turn)) view.update(); }, 250);
        new ResizeObserver(() => { if (this.#follows) this.#toEnd(); }).observe(this.column);
    }

    show(conversation) {
        if (this.conversation !== conversation) { this.#views.clear(); this.#questions.clear(); }
        this.conversation = conversation;
        const path = conversation ? shownPath(conversation) : [];
        if (!path.length) {
            this.#follows = false;
            this.column.replaceChildren(welcome(this.actions.suggest));
            return;
        }
        const before = this.column.lastElementChild?.dataset.turn;
        const elements = path.map((turn) => this.#elementOf(turn));
        this.column.replaceChildren(...elements);
        if (before !== path.at(-1).id) this.follow();
    }

    #elementOf(turn) {
        if (turn.role === "user") return this.#questionOf(turn);
        let view = this.#views.get(turn.id);
        if (!view) this.#views.set(turn.id, view = new AnswerView(this.conversation, turn, this.actions));
        view.draw();
        view.drawActions();
        return view.element;
    }

    // One that is as it was stays, with whatever is being typed in it.
    #questionOf(turn) {
        const { index, count } = branchesOf(this.conversation, turn);
        const key = `${index}/${count}`;
        const known = this.#questions.get(turn.id);
        if (known?.key === key) return known.element;
        const element = questionView(this.conversation, turn, this.actions);
        this.#questions.set(turn.id, { key, element });
        return element;
    }

    #changed(turn, what) {
        const view = this.#views.get(turn.id);
        if (!view) return;
        view.update();
        if (what === "ended") view.drawActions();
    }

    /** The answer under way that is shown, if there is one. */
    get running() {
        return this.conversation ? runsIn(this.conversation).at(-1)?.turn ?? null : null;
    }

    follow() {
        this.#follows = true;
        this.down.hidden = true;
        this.#toEnd();
    }

    #toEnd() {
        this.scroller.scrollTop = this.scroller.scrollHeight;
    }

    #scrolled() {
        const { scrollTop, scrollHeight, clientHeight } = this.scroller;
        const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
        this.#follows = isAtEnd;
        this.down.hidden = isAtEnd;
    }
}

const IDEAS = [
    ["Describe the picture", "what it shows, in words"],
    ["Read the text in the picture", "signs, tables, handwriting"],
    ["Compute the expression", "step by step, with reasoning"],
    ["How many are there?", "count what you see"],
];

function welcome(suggest) {
    return h("div", { class: "welcome" },
        h("img", { src: "assets/icon.svg", alt: "", width: "56", height: "56" }),
        h("h2", {}, "Ask about a picture"),
        h("p", {}, "Drop one here, paste it, or take a photo. What you ask and what is answered stays in this browser."),
        h("ul", { class: "ideas" }, IDEAS.map(([text, about]) =>
            h("li", {}, h("button", { type: "button", onclick: () => suggest(text) }, h("b", {}, text), h("span", {}, about))))));
}
