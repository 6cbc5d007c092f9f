import Testing

@testable import ServerClient

struct ServerAddressTests {
    @Test(
        "Addresses as people write them",
        arguments: [
            ("127.0.0.1:7070", ServerAddress.host("127.0.0.1", port: 7070)),
            (":7070", .host("127.0.0.1", port: 7070)),
            ("[::1]:80", .host("::1", port: 80)),
            ("/run/flotilla.sock", .unix("/run/flotilla.sock")),
            ("./f.sock", .unix("./f.sock")),
        ]
    )
    func read(text: String, address: ServerAddress) {
        #expect(ServerAddress(text) == address)
    }

    @Test("What is no address", arguments: ["", "localhost", "localhost:", "localhost:0", "localhost:65536", "host:x"])
    func refused(text: String) {
        #expect(ServerAddress(text) == nil)
    }
}
