// Server-sent events, from pieces of text that may end anywhere. https://html.spec.whatwg.org/multipage/server-sent-events.html

/** Collects text and hands out whole events: `{event, data}`, and `{comment}` for lines that begin with a colon. */
export class EventParser {
    #rest = "";
    #event = "";
    #data = [];
    #endedInCR = false;

    /** The events that `text` completes. */
    push(text) {
        // A CRLF that was cut in two is one end of line.
        if (this.#endedInCR && text.startsWith("\n")) text = text.slice(1);
        if (text) this.#endedInCR = text.endsWith("\r");
        const lines = (this.#rest + text).split(/\r\n|\n|\r/);
        this.#rest = lines.pop();
        const events = [];
        for (const line of lines) this.#line(line, events);
        return events;
    }

    #line(line, events) {
        if (line === "") {
            if (this.#data.length) events.push({ event: this.#event || "message", data: this.#data.join("\n") });
            this.#event = "";
            this.#data = [];
        } else if (line.startsWith(":")) {
            events.push({ comment: line.slice(1).trim() });
        } else {
            const colon = line.indexOf(":");
            const field = colon < 0 ? line : line.slice(0, colon);
            const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
            if (field === "data") this.#data.push(value);
            if (field === "event") this.#event = value;
        }
    }
}
