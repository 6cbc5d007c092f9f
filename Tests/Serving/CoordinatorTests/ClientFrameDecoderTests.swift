import NIOCore
import NIOEmbedded
import Requests
import Testing
import WireProtocol

@testable import Coordinator

struct ClientFrameDecoderTests {
    /// What the decoder makes of bytes that come in pieces, each frame as a text.
    static func frames(
        _ pieces: [[UInt8]],
        line: Int = 40,
        blob: Int = 8,
        isTrusted: Bool = true,
        meter: InputMeter = InputMeter(limit: 1 << 20)
    ) throws -> [String] {
        let decoder = ClientFrameDecoder(lineLimit: line, blobLimit: blob, isTrusted: isTrusted, meter: meter)
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
        for piece in pieces { try channel.writeInbound(ByteBuffer(bytes: piece)) }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        var found: [String] = []
        while let frame = try channel.readInbound(as: ClientFrame.self) {
            switch frame {
            case .line(let text): found.append("line \(text)")
            case .blob(let header, let bytes):
                found.append("blob \(header.id) \(header.index) \(bytes.map { "\($0)" } ?? "–")")
            case .broken(let failure):
                found.append("\(failure.error.fatal ? "fatal" : "wrong") \(failure.error.code.rawValue)")
            }
        }
        return found
    }

    static let session =
        Array("PING\r\n\nBLOB r1 0 4\n".utf8) + [10, 13, 255, 0, 10]
        + Array("blob r1 1 9\n123456789\r\nBLOB r2 0 0\n\nGENERATE ü {}\n".utf8)
    static let expected = [
        "line PING", "line ", "blob r1 0 [10, 13, 255, 0]", "blob r1 1 –", "blob r2 0 []", "line GENERATE ü {}",
    ]

    @Test("The same frames in one piece, cut at every place, and byte by byte")
    func pieces() throws {
        #expect(try Self.frames([Self.session]) == Self.expected)
        for place in 1..<Self.session.count {
            #expect(
                try Self.frames([Array(Self.session[..<place]), Array(Self.session[place...])]) == Self.expected,
                "\(place)"
            )
        }
        #expect(try Self.frames(Self.session.map { [$0] }) == Self.expected)
    }

    @Test("A line may be as long as the limit and no longer, however it comes; what follows is passed over")
    func longLines() throws {
        let longest = [UInt8](repeating: 65, count: 40)
        #expect(try Self.frames([longest + [13, 10]]).count == 1)
        #expect(try Self.frames([longest + [10]])[0].hasPrefix("line A"))
        #expect(try Self.frames([longest + [65, 10], Array("PING\n".utf8)]) == ["fatal LINE_TOO_LONG"])
        #expect(
            try Self.frames(([UInt8](repeating: 65, count: 500) + Array("\nPING\n".utf8)).map { [$0] }) == [
                "fatal LINE_TOO_LONG"
            ]
        )
    }

    @Test("Broken framing is fatal: not UTF-8, no line end behind a blob, a header that cannot be read")
    func fatal() throws {
        #expect(try Self.frames([[0xC3, 0x28, 10], Array("PING\n".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 3\nabcd\nPING\n".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 3\nabc\rPING\n".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 -3\nabc\nPING\n".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 3\nabc\n".utf8)], isTrusted: false) == ["fatal AUTH"])
    }

    @Test("An end in the middle of a line, or of a blob, is said")
    func ends() throws {
        #expect(try Self.frames([Array("PING\nPIN".utf8)]) == ["line PING", "wrong BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 5\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 2\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 999999999999999\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("blob\nPING\n".utf8)]) == ["fatal BAD_LINE"])
    }

    static let http = [
        "POST / HTTP/1.1", "get /", "HEAD /x HTTP/1.0", "Options * HTTP/1.1", "PRI * HTTP/2.0", "Host: 127.0.0.1:7070",
        "CONNECT a:1 HTTP/1.1",
    ]

    @Test("A line that begins like HTTP ends the connection, first or later, before anything behind it is looked at")
    func http() throws {
        for line in Self.http {
            let bytes = Array("\(line)\r\nPING\r\n\r\nPING\n".utf8)
            #expect(try Self.frames([bytes]) == ["fatal BAD_LINE"], "\(line)")
            #expect(try Self.frames(bytes.map { [$0] }) == ["fatal BAD_LINE"], "\(line), byte by byte")
            let later = try Self.frames([Array("PING\n".utf8), bytes])
            #expect(later == ["line PING", "fatal BAD_LINE"], "\(line), later")
        }
        // Any method, which can be told at the line's end only.
        for line in ["BREW /pot HTTP/1.1", "GENERATE /x HTTP/1.1", "ping /x http/1.0"] {
            let bytes = Array("\(line)\nPING\n".utf8)
            #expect(try Self.frames([bytes]) == ["fatal BAD_LINE"], "\(line)")
            #expect(try Self.frames(bytes.map { [$0] }) == ["fatal BAD_LINE"], "\(line), byte by byte")
        }
        // It is told by the first word: no server must wait for the rest of a line that may never end.
        #expect(try Self.frames([Array("GET ".utf8)]) == ["fatal BAD_LINE"])
    }

    @Test("A TLS client is told at its first two bytes")
    func tls() throws {
        #expect(try Self.frames([[0x16, 0x03]]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([[0x16], [0x03], [0x01, 0x02, 10] + Array("PING\n".utf8)]) == ["fatal BAD_LINE"])
    }

    @Test("Lines that hold words of HTTP, but do not begin like it, are lines")
    func notHTTP() throws {
        let line = #"GENERATE r {"prompt":"GET / HTTP/1.1"}"#
        #expect(
            try Self.frames([Array("\(line)\nGETTING\nPRINT\nhosts:\n".utf8)])
                == ["line \(line)", "line GETTING", "line PRINT", "line hosts:"]
        )
        #expect(try Self.frames([Array("BLOB r 0 6\nGET / \n".utf8)]) == ["blob r 0 \(Array("GET / ".utf8))"])
    }

    @Test("Only the first bytes decide whether a line is a BLOB, in capitals or not")
    func blobWords() throws {
        #expect(try Self.frames([Array("bLoB r 0 1\nA\n".utf8)]) == ["blob r 0 [65]"])
        #expect(try Self.frames([Array("BLOBS\nblöb x\n".utf8)]) == ["line BLOBS", "line blöb x"])
    }

    @Test("Somebody who has not shown a token may send short lines only")
    func strangers() throws {
        let long = [UInt8](repeating: 65, count: ClientFrameDecoder.strangerLineLimit + 2)
        #expect(try Self.frames([long], line: 1 << 20, isTrusted: false) == ["fatal LINE_TOO_LONG"])
        #expect(try Self.frames([long], line: 1 << 20) == ["wrong BAD_LINE"])
    }

    @Test("What has begun and not ended is counted over all connections, and given back")
    func unfinished() throws {
        let meter = InputMeter(limit: 100_000)
        _ = meter.change(from: 0, to: 90_000)
        let begun = Array("BLOB r 0 1000000\n".utf8) + [UInt8](repeating: 1, count: 50_000)
        let more = [UInt8](repeating: 1, count: 50_000)
        // So much is allowed to each, whatever others hold.
        #expect(try Self.frames([begun], blob: 1 << 20, meter: meter) == ["fatal BAD_LINE"], "the blob is cut off")
        #expect(meter.held == 90_000)
        #expect(try Self.frames([begun, more, more], blob: 1 << 20, meter: meter) == ["fatal BUSY"])
        #expect(meter.held == 90_000)
    }
}
