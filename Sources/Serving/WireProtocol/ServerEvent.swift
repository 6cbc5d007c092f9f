internal import Foundation
package import Requests

/// A line of the server.
package enum ServerEvent: Sendable, Equatable {
    /// The first line of a connection.
    case greeting(Greeting)
    case ack(RequestId, Ack)
    case progress(RequestId, RequestProgress)
    case think(RequestId, Piece)
    case text(RequestId, Piece)
    case end(RequestId, End)
    /// Of a request, or of the connection (`-`).
    case err(RequestId?, RequestError)
    /// The name of the request that it answers, `HELLO`, or `-`.
    case ok(String, json: String)
    case pong(RequestId?)
    case note(Note)

    package static let protocolName = "FLOTILLA/1"

    /// The line without its end.
    package var line: String {
        switch self {
        case .greeting(let greeting): "\(Self.protocolName) \(JSONLine.encode(greeting))"
        case .ack(let id, let ack): "ACK \(id) \(JSONLine.encode(ack))"
        case .progress(let id, let progress): "PROGRESS \(id) \(JSONLine.encode(progress))"
        case .think(let id, let piece): "THINK \(id) \(JSONLine.encode(piece))"
        case .text(let id, let piece): "TEXT \(id) \(JSONLine.encode(piece))"
        case .end(let id, let end): "END \(id) \(JSONLine.encode(end))"
        case .err(let id, let error): "ERR \(id?.description ?? "-") \(JSONLine.encode(error))"
        case .ok(let name, let json): "OK \(name) \(json)"
        case .pong(let id): id.map { "PONG \($0)" } ?? "PONG"
        case .note(let note): "NOTE \(JSONLine.encode(note))"
        }
    }

    /// Reads a line without its end.
    ///
    /// - Throws: `BAD_LINE` or `BAD_JSON`: what the client's user should be told is that the server is none.
    package init(parsing line: String) throws(RequestError) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        let verb = words[0]
        func body<Body: Decodable>(_ type: Body.Type, behind count: Int) throws(RequestError) -> Body {
            let json = line.split(separator: " ", maxSplits: count, omittingEmptySubsequences: false)
            return try Self.decode(type, json.count > count ? String(json[count]) : "")
        }
        func id() throws(RequestError) -> RequestId {
            guard words.count > 1, let id = RequestId(words[1]) else {
                throw RequestError(.badLine, "the server's line \"\(line.prefix(80))\" has no id")
            }
            return id
        }
        switch verb {
        case "FLOTILLA/1": self = .greeting(try body(Greeting.self, behind: 1))
        case "ACK": self = .ack(try id(), try body(Ack.self, behind: 2))
        case "PROGRESS": self = .progress(try id(), try body(RequestProgress.self, behind: 2))
        case "THINK": self = .think(try id(), try body(Piece.self, behind: 2))
        case "TEXT": self = .text(try id(), try body(Piece.self, behind: 2))
        case "END": self = .end(try id(), try body(End.self, behind: 2))
        case "ERR":
            self = .err(words.count > 1 && words[1] == "-" ? nil : try id(), try body(RequestError.self, behind: 2))
        case "OK": self = .ok(words.count > 1 ? String(words[1]) : "-", json: words.count > 2 ? String(words[2]) : "{}")
        case "PONG": self = .pong(words.count > 1 ? RequestId(words[1]) : nil)
        case "NOTE": self = .note(try body(Note.self, behind: 1))
        default: throw RequestError(.badLine, "the server's line \"\(line.prefix(80))\" is not of FLOTILLA/1")
        }
    }

    /// An event's object, which a server of ours wrote: what is wrong with it matters to nobody but its authors.
    private static func decode<Body: Decodable>(_ type: Body.Type, _ json: String) throws(RequestError) -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        } catch {
            throw RequestError(.badJSON, "the server's event cannot be read: \(error)")
        }
    }

    /// The request that the event is about.
    package var id: RequestId? {
        switch self {
        case .ack(let id, _), .progress(let id, _), .think(let id, _), .text(let id, _), .end(let id, _): id
        case .err(let id, _), .pong(let id): id
        case .ok(let name, _): RequestId(name)
        case .greeting, .note: nil
        }
    }
}
