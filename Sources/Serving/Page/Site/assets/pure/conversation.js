// A conversation as a tree of turns: a question that is edited, and an answer that is asked for again, are branches beside
// the old ones. Functions change the conversation they are given; nothing here knows of a page or of a store.

/** A name that nobody else has; `crypto.randomUUID` is kept from pages that came by plain HTTP from elsewhere. */
export function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(9));
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

export function newConversation(now = Date.now()) {
    return { id: newId(), title: "", named: false, created: now, updated: now, turns: {}, chosen: {} };
}

/** Puts a turn below `parent` (null: at the top) and makes it the one that is shown. */
export function addTurn(conversation, parent, turn, now = Date.now()) {
    const added = { id: newId(), parent, created: now, pictures: [], ...turn };
    conversation.turns[added.id] = added;
    conversation.chosen[parent ?? ""] = added.id;
    conversation.updated = now;
    if (!conversation.named && !conversation.title) conversation.title = titleOf(added);
    return added;
}

function titleOf(turn) {
    const line = turn.text.trim().split("\n", 1)[0];
    if (!line) return turn.pictures.length > 1 ? "Pictures" : "A picture";
    return line.length > 60 ? line.slice(0, 59).trimEnd() + "…" : line;
}

/** The turns below `parent`, oldest first. */
export function childrenOf(conversation, parent) {
    return Object.values(conversation.turns)
        .filter((turn) => turn.parent === parent)
        .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

/** What is shown: from the top, at each fork the branch that was chosen last. */
export function shownPath(conversation) {
    const path = [];
    let parent = null;
    for (;;) {
        const children = childrenOf(conversation, parent);
        if (!children.length) return path;
        const turn = children.find(({ id }) => id === conversation.chosen[parent ?? ""]) ?? children.at(-1);
        path.push(turn);
        parent = turn.id;
    }
}

/** From the top to `id`, which is the last. */
export function pathTo(conversation, id) {
    const path = [];
    for (let turn = conversation.turns[id]; turn; turn = conversation.turns[turn.parent]) path.unshift(turn);
    return path;
}

/** Where a turn stands among its branches, and what stands beside it. */
export function branchesOf(conversation, turn) {
    const all = childrenOf(conversation, turn.parent);
    const index = all.findIndex(({ id }) => id === turn.id);
    return { index, count: all.length, before: all[index - 1] ?? null, after: all[index + 1] ?? null };
}

export function choose(conversation, turn) {
    conversation.chosen[turn.parent ?? ""] = turn.id;
}

/** Takes a turn away, and what follows from it. */
export function removeTurn(conversation, id) {
    for (const child of childrenOf(conversation, id)) removeTurn(conversation, child.id);
    const { parent } = conversation.turns[id];
    delete conversation.turns[id];
    delete conversation.chosen[id];
    if (conversation.chosen[parent ?? ""] === id) delete conversation.chosen[parent ?? ""];
}

/**
 * Takes over what another tab has made of a conversation. Turns stay the objects that they are, those that `isOurs` names
 * stay as they are; what is gone there goes here only if nothing was added here since.
 */
export function merge(ours, theirs, isOurs) {
    for (const [id, turn] of Object.entries(theirs.turns)) {
        if (!isOurs(id)) ours.turns[id] = Object.assign(ours.turns[id] ?? {}, turn);
    }
    if (theirs.updated >= ours.updated) {
        for (const id of Object.keys(ours.turns)) if (!theirs.turns[id] && !isOurs(id)) delete ours.turns[id];
        Object.assign(ours, { title: theirs.title, named: theirs.named, updated: theirs.updated });
    }
}

/** The names of all pictures that a conversation needs. */
export function picturesOf(conversation) {
    return new Set(Object.values(conversation.turns).flatMap((turn) => turn.pictures));
}

/** Whether all words of `query` are in the title or in what was said. */
export function matches(conversation, query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return true;
    const text = [conversation.title, ...Object.values(conversation.turns).map((turn) => turn.text)].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
}
