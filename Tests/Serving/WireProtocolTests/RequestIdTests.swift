import Testing

@testable import WireProtocol

struct RequestIdTests {
    @Test(
        "1 to 64 of the allowed characters",
        arguments: ["a", "Z", "0", "A-b_c.d:e9", String(repeating: "x", count: 64)]
    )
    func allowed(text: String) { #expect(RequestId(text)?.description == text) }

    @Test("Nothing else", arguments: ["", " ", "a b", "a/b", "é", "a\n", "{", String(repeating: "x", count: 65)])
    func refused(text: String) { #expect(RequestId(text) == nil) }
}
