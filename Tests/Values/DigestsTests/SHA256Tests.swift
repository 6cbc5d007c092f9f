import Digests
import Testing

struct SHA256Tests {
    @Test(
        "The published vectors",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func vectors(text: String, digest: String) {
        #expect(SHA256.hex(Array(text.utf8)) == digest)
    }

    /// The SHA-256 over the digests of 0, 1, … 129 letters "a", from Python's hashlib: every case of padding.
    @Test("Every length around a block boundary")
    func lengths() {
        let digests = (0..<130).map { SHA256.hex([UInt8](repeating: 0x61, count: $0)) }.joined()
        #expect(SHA256.hex(Array(digests.utf8)) == "c665ed20ef30f158e90c7e921d8182bc0943c4b087a82f64a18d417bcdfadce7")
    }

    @Test("A million letters")
    func million() {
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256.hex([UInt8](repeating: 0x61, count: 1_000_000)) == digest)
    }
}
