// The page: puts its parts together, and says what happens between them.

import { h, announce } from "./dom.js";
import * as asking from "./asking.js";
import { info, onUnauthorized } from "./api/client.js";
import { addTurn, choose, newConversation, pathTo, removeTurn, shownPath } from "./pure/conversation.js";
import * as conversations from "./store/conversations.js";
import { settings } from "./store/settings.js";
import { Chat } from "./view/chat.js";
import { Cluster } from "./view/cluster.js";
import { Composer } from "./view/composer.js";
import { askForToken, confirmed, told } from "./view/dialogs.js";
import { openSettings } from "./view/settings.js";
import { Sidebar } from "./view/sidebar.js";
import { spoken } from "./view/sentences.js";
import { themeButton } from "./view/theme.js";
import { acceptDrops, headings, topBar } from "./view/frame.js";
import { takeLimits } from "./view/tray.js";

let current = null;

const chat = new Chat({ edit, again, remove, choose: chooseBranch, suggest: (text) => composer.setText(text) });
const composer = new Composer({
    send, stop, history: () => (current ? shownPath(current) : []),
});
const sidebar = new Sidebar({ open: (id) => { open(id); closeDrawer(); }, removed, renamed: () => headings.show(current?.title ?? "") });
const cluster = new Cluster(() => showCluster(false));
const bar = topBar({
    drawer: () => toggleDrawer(), begin: () => { open(null); closeDrawer(); composer.text.focus(); },
    cluster: () => showCluster(!cluster.isShown), settings: () => openSettings(() => composer.takeSettings()), theme: themeButton(),
});

// MARK: Questions and answers

function send(question) {
    if (!current) current = newConversation();
    const last = shownPath(current).at(-1) ?? null;
    ask(addTurn(current, last?.id ?? null, { role: "user", ...question }));
}

function edit(turn, question) {
    ask(addTurn(current, turn.parent, { role: "user", ...question }));
}

function ask(question, more = {}) {
    const answer = addTurn(current, question.id, { role: "assistant", text: "", thinking: "" });
    const begun = asking.begin(current, answer, { ...settings, ...more });
    open(current.id);
    return begun;
}

function again(turn, { sameSeed }) {
    const question = current.turns[turn.parent];
    // A drawn seed is below 2⁵³; without one, the server draws another.
    ask(question, sameSeed ? { seed: String(turn.seed) } : { seed: "" });
}

function stop() {
    if (chat.running) asking.stop(chat.running);
}

function chooseBranch(turn) {
    choose(current, turn);
    changed();
}

async function remove(turn) {
    const what = turn.role === "user" ? "question" : "answer";
    if (!await confirmed(`Delete this ${what}?`, "What follows from it goes as well.", "Delete")) return;
    for (const run of asking.runsIn(current)) {
        if (pathTo(current, run.turn.id).includes(turn)) run.controller.abort();
    }
    removeTurn(current, turn.id);
    if (Object.keys(current.turns).length) return changed();
    await conversations.remove(current.id);
    open(null);
}

async function changed() {
    chat.show(current);
    await conversations.save(current);
    await conversations.sweep();
}

asking.onChange((turn, what) => {
    if (what === "begun") announce("The question was sent.");
    if (what === "thinking") announce("The model is thinking.");
    if (what === "answering") announce("The answer begins.");
    if (what === "ended") announce(spoken(turn));
    if (what === "progress" && asking.runOf(turn)?.progress?.note) announce("Ranks are being replaced; the answer will go on.");
    if (what === "ended" && turn.state === "done" && bar.isAway()) learn();
    if (what === "begun" || what === "ended") { sidebar.show(); showRunning(); }
});

function showRunning() {
    composer.showRunning(Boolean(chat.running));
}

// MARK: Which conversation

function open(id) {
    current = id ? conversations.get(id) ?? (current?.id === id ? current : null) : null;
    const hash = current ? `#${current.id}` : "";
    if (location.hash !== hash) history.pushState(null, "", hash || location.pathname + location.search);
    chat.show(current);
    sidebar.show(current?.id ?? null);
    headings.show(current?.title ?? "");
    showRunning();
}

function removed(id) {
    if (id === null || current?.id === id) open(null);
    else sidebar.show();
}

// MARK: Around it

function toggleDrawer(on = document.body.dataset.drawer !== "open") {
    document.body.dataset.drawer = on ? "open" : "closed";
    bar.drawer.setAttribute("aria-expanded", String(on));
}

function closeDrawer() {
    if (matchMedia("(max-width: 60rem)").matches) toggleDrawer(false);
}

function showCluster(on) {
    cluster.toggle(on);
    document.body.dataset.cluster = on ? "open" : "closed";
    bar.cluster.setAttribute("aria-expanded", String(on));
    if (!on) bar.cluster.focus();
}

document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (chat.running) stop();
    else if (document.body.dataset.drawer === "open") closeDrawer();
});
window.addEventListener("popstate", () => open(location.hash.slice(1) || null));

// Another tab has changed a conversation, or deleted it.
function changedElsewhere(id) {
    if (current?.id === id && !conversations.get(id)) open(null);
    else if (current?.id === id) chat.show(current);
    sidebar.show();
}

let hasFailed = false;
function notKept(error) {
    if (!hasFailed) told("Conversations cannot be kept", `This browser has no room for them, or keeps nothing: ${error.message}. They stay until the page is closed.`);
    hasFailed = true;
}

async function begin() {
    onUnauthorized(askForToken);
    conversations.connect({
        changed: changedElsewhere, failed: notKept, needed: () => composer.tray.names,
        isRunning: (id) => asking.isRunning(id),
    });
    toggleDrawer(!matchMedia("(max-width: 60rem)").matches);
    document.body.prepend(h("a", { class: "skip", href: "#message", onclick: (event) => { event.preventDefault(); composer.text.focus(); } }, "Skip to the message"));
    const main = h("main", {}, headings.element, chat.element, composer.element);
    document.getElementById("page").replaceChildren(bar.element, h("div", { class: "body" }, sidebar.element, main, cluster.element));
    acceptDrops((files) => composer.tray.add(files));
    await conversations.load().catch(notKept);
    open(location.hash.slice(1) || null);
    composer.text.focus();
    learn();
}

/** What the server is; while it is away, every answer that comes after all is a reason to ask again. */
function learn() {
    info().then((found) => { takeLimits(found); bar.showModel(found); composer.takeSettings(); }, (problem) => bar.showAway(problem));
}

begin();
