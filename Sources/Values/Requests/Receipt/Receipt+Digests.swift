internal import Digests

extension Receipt {
    /// The digests as they should be.
    ///
    /// Of ids: SHA-256 over them as little-endian 32-bit numbers, behind the answer's its `finish`; of the other parts over
    /// their JSON on one line, members by name, as receipts are written.
    var freshDigests: Digests {
        Digests(
            prompt: SHA256.hex(Self.bytes(prompt.ids)),
            pictures: SHA256.hex(Array(JSONLine.encode(pictures).utf8)),
            request: SHA256.hex(Array(JSONLine.encode(request).utf8)),
            answer: SHA256.hex(Self.bytes(answer.tokens) + Array(answer.finish.rawValue.utf8))
        )
    }

    /// A part that is not what its digest says, by its name; the answer last, as computing it says more.
    var changedPart: String? {
        let fresh = freshDigests
        if fresh.prompt != digests.prompt || prompt.count != prompt.ids.count { return "prompt" }
        if fresh.pictures != digests.pictures { return "pictures" }
        if fresh.request != digests.request { return "request" }
        return fresh.answer != digests.answer ? "answer" : nil
    }

    private static func bytes(_ ids: [Int32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * 4)
        for id in ids { withUnsafeBytes(of: id.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }
}
