import NIOCore
import NIOEmbedded
import Testing
import WireProtocol

@testable import Coordinator
import Requests

struct ClientFrameDecoderTests {
    /// What the decoder makes of bytes that come in pieces, each frame as a text.
    static func frames(_ pieces: [[UInt8]], line: Int = 40, blob: Int = 8, takesBlobs: Bool = true) throws -> [String] {
        let decoder = ClientFrameDecoder(lineLimit: line, blobLimit: blob, takesBlobs: takesBlobs)
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
        #expect(try Self.frames([Array("BLOB r 0 3\nabc\n".utf8)], takesBlobs: false) == ["fatal AUTH"])
    }

    @Test("An end in the middle of a line, or of a blob, is said")
    func ends() throws {
        #expect(try Self.frames([Array("PING\nPIN".utf8)]) == ["line PING", "wrong BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 5\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 2\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("BLOB r 0 999999999999999\nab".utf8)]) == ["fatal BAD_LINE"])
        #expect(try Self.frames([Array("blob\nPING\n".utf8)]) == ["fatal BAD_LINE"])
    }
}
