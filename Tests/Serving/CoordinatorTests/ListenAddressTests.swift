import Testing

@testable import Coordinator

struct ListenAddressTests {
    @Test("Hosts, IPv4, IPv6 in brackets")
    func reads() throws {
        for (text, host, port) in [
            ("127.0.0.1:7070", "127.0.0.1", 7070), (":0", "127.0.0.1", 0), ("[::1]:7070", "::1", 7070),
            ("[::]:1", "::", 1), ("[fe80::1%lo]:2", "fe80::1%lo", 2), ("localhost:3", "localhost", 3),
        ] {
            let address = try #require(ListenAddress(text), "\(text)")
            #expect(address.host == host && address.port == port)
        }
        #expect(ListenAddress("[::1]:7070")?.description == "[::1]:7070")
        for text in ["::1", "::1:7070", "[::1]", "[localhost]:1", "[::1:7070", "a:70000", "a:", "/tmp/x:1", "[]:1"] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
    }

    @Test("Only addresses of this machine's own count as loopback, however they are written")
    func loopback() throws {
        for text in ["127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1"] {
            #expect(try ListenAddress(text)?.resolved().isLoopback == true, "\(text)")
        }
        for text in [
            "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::2]:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1", "[::ffff:0.0.0.0]:1",
            "[::127.0.0.1]:1",
        ] { #expect(try ListenAddress(text)?.resolved().isLoopback == false, "\(text)") }
        #expect(throws: (any Error).self) { try ListenAddress("127.a.b.invalid:1")?.resolved() }
    }
}
