import Requests
import Testing

@testable import WireProtocol

struct ServerEventTests {
    static var id: RequestId {
        guard let id = RequestId("r1") else { preconditionFailure("r1 is a name") }
        return id
    }

    @Test(
        "Lines as the protocol writes them",
        arguments: [
            (.pong(nil), "PONG"), (.pong(id), "PONG r1"), (.ok("HELLO", json: "{}"), "OK HELLO {}"),
            (.text(id, Piece(text: "a\n\"é/", ids: [1, 2])), #"TEXT r1 {"ids":[1,2],"text":"a\n\"é/"}"#),
            (.think(id, Piece(text: "", ids: [7])), #"THINK r1 {"ids":[7],"text":""}"#),
            (.note(Note(state: .draining)), #"NOTE {"state":"draining"}"#),
            (
                .progress(id, RequestProgress(stage: "vision", done: 4, total: 11)),
                #"PROGRESS r1 {"done":4,"stage":"vision","total":11}"#
            ),
            (
                .ack(
                    id,
                    Ack(queued: 0, promptTokens: 2871, imageTokens: 2816, tiles: [11], cachedTokens: 0, seed: .max)
                ),
                #"ACK r1 {"cached_tokens":0,"image_tokens":2816,"prompt_tokens":2871,"queued":0,"#
                    + #""seed":18446744073709551615,"tiles":[11]}"#
            ),
        ] as [(ServerEvent, String)]
    )
    func lines(event: ServerEvent, line: String) throws {
        #expect(event.line == line)
        #expect(try ServerEvent(parsing: line) == event)
    }

    @Test("END has every member, and null where nothing is boxed")
    func end() throws {
        var usage = End.Usage()
        usage.generated = 3
        let end = End(finish: "stop", text: "a", thinking: "", boxed: nil, usage: usage, timing: .init(), seed: 7)
        let line = ServerEvent.end(Self.id, end).line
        #expect(line.contains(#""boxed":null"#))
        for member in ["finish", "thinking", "usage", "timing", "queue_ms", "ttft_ms", "tokens_per_second", "cached"] {
            #expect(line.contains("\"\(member)\":"), "\(member)")
        }
        #expect(!line.contains("\n"))
        #expect(try ServerEvent(parsing: line) == .end(Self.id, end))
    }

    @Test("An error of the connection has no name")
    func connectionError() throws {
        let event = ServerEvent.err(nil, RequestError(.badLine, "no", fatal: true))
        #expect(event.line.hasPrefix("ERR - {"))
        #expect(try ServerEvent(parsing: event.line) == event)
    }

    @Test("No line ever holds a line end, whatever the text")
    func oneLine() {
        let text = "\u{2028}\r\n\u{85}\u{0}\u{1F}"
        let line = ServerEvent.text(Self.id, Piece(text: text, ids: [])).line
        #expect(!line.utf8.contains(10) && !line.utf8.contains(13))
    }

    @Test(
        "Lines that no server of ours writes",
        arguments: [
            "", "HTTP/1.1 200 OK", "END", "END r1", "END ! {}", "TEXT r1 {\"text\":7}", "ACK r1 {", "NOTE",
            "FLOTILLA/1",
        ]
    )
    func foreign(line: String) { #expect(throws: RequestError.self) { try ServerEvent(parsing: line) } }
}
