import Requests
import Testing

@testable import WireProtocol

struct ClientLineTests {
    @Test(
        "Lines as they are meant",
        arguments: [
            ("PING", Verb.ping, nil, nil), ("ping", .ping, nil, nil), ("PING p1", .ping, "p1", nil),
            ("GENERATE r1 {\"prompt\":\"a b\"}", .generate, "r1", "{\"prompt\":\"a b\"}"),
            ("HELLO {\"token\":\"x\"}", .hello, nil, "{\"token\":\"x\"}"), ("INFO r-5", .info, "r-5", nil),
            ("STATS", .stats, nil, nil), ("DRAIN r9 {\"deadline_ms\":1}", .drain, "r9", "{\"deadline_ms\":1}"),
            ("DRAIN {}", .drain, nil, "{}"), ("CANCEL r1 {}", .cancel, "r1", "{}"),
            ("PING {\"x\":1}", .ping, nil, "{\"x\":1}"), ("CANCEL a.b:c_D-9", .cancel, "a.b:c_D-9", nil),
        ] as [(String, Verb, String?, String?)]
    )
    func right(line: String, verb: Verb, id: String?, json: String?) throws {
        let found = try ClientLine(parsing: line)
        #expect(found.verb == verb)
        #expect(found.id?.description == id)
        #expect(found.json == json)
    }

    @Test(
        "Lines that are wrong keep the connection, and name the request where they can",
        arguments: [
            ("", ErrorCode.unknownVerb, nil), (" PING", .unknownVerb, "PING"), ("HELP r1", .unknownVerb, "r1"),
            ("GENERATE", .badLine, nil), ("GENERATE r1", .badLine, "r1"), ("GENERATE r1 prompt", .badJSON, "r1"),
            ("TOKENIZE r1 [1]", .badJSON, "r1"), ("COUNT r1 null", .badJSON, "r1"),
            ("GENERATE  r1 {}", .badLine, nil), ("GENERATE r1  {}", .badLine, "r1"), ("GENERATE {}", .badLine, nil),
            ("CANCEL", .badLine, nil), ("PING r1 r2", .badLine, "r1"),
            ("CANCEL r/1", .badLine, nil), ("CANCEL \(String(repeating: "a", count: 65))", .badLine, nil),
            ("CANCEL ä", .badLine, nil), ("GENERATE\tr1 {}", .unknownVerb, nil),
        ] as [(String, ErrorCode, String?)]
    )
    func wrong(line: String, code: ErrorCode, id: String?) throws {
        let failure = try #require(throws: LineFailure.self) { try ClientLine(parsing: line) }
        #expect(failure.error.code == code)
        #expect(failure.id?.description == id)
        #expect(!failure.error.fatal)
    }

    @Test("A huge unknown verb is not repeated to the client")
    func huge() throws {
        let line = String(repeating: "A", count: 100_000)
        let failure = try #require(throws: LineFailure.self) { try ClientLine(parsing: line) }
        #expect(failure.error.message.utf8.count < 200)
    }

    @Test("Headers of blobs")
    func blobs() throws {
        let id = try #require(RequestId("r1"))
        #expect(try BlobHeader(parsing: "BLOB r1 0 48213") == BlobHeader(id: id, index: 0, byteCount: 48213))
        #expect(try BlobHeader(parsing: "blob r1 31 0") == BlobHeader(id: id, index: 31, byteCount: 0))
    }

    @Test(
        "A broken header of a blob is fatal: nobody knows where the blob ends",
        arguments: [
            "BLOB r1 0", "BLOB r1 0 ", "BLOB r1 0 5 ", "BLOB r1 -1 5", "BLOB r1 0 -5", "BLOB r1 0 +5", "BLOB r1 0 5.0",
            "BLOB r1 0 0x10", "BLOB r1 0 9223372036854775808", "BLOB r1 0 1000000000000000", "BLOB r1 x 5",
            "BLOB r! 0 5", "BLOB  r1 0 5", "BLOB r1 0 ٥",
        ]
    )
    func brokenBlobs(line: String) throws {
        let failure = try #require(throws: LineFailure.self) { try BlobHeader(parsing: line) }
        #expect(failure.error.code == .badLine)
        #expect(failure.error.fatal)
    }
}
