import Digests
import Foundation
import TestSupport
import Testing

/// Packed files are what earlier versions wrote, so that each opens what the other has packed.
@Suite("The bytes of packed files", .serialized, .ownThread)
struct PackedEditionTests {
    /// SHA-256 of `mini-bf16`'s packed weights, with layout 1 of the files.
    private static let pinned: [(format: String, isCalibrated: Bool, digest: String)] = [
        ("q8", false, "bda851b25a2c8696fe0fbad17be1f112ead27a4f2c04d68aa56113a1b23b231a"),
        ("q4", false, "100ab50456bab3ccedc80a55284232c517d0e4f7b6dca3be64b6fcc43854e757"),
        ("q4m", false, "ff97fe19d50fb999f393d6f95b78176f8b4d5fe7bc0adfe38cce85d450772da6"),
        ("q4", true, "fda21d9f25543b66a15f4a4b74cfffc9cfd6cf13d836e797e6d07f4f3c7687b9"),
        ("q4m", true, "d6dfef74cae68211032ab92a43a0a920c29e414680289e4452dfc6a977940174"),
    ]

    @Test("are the same as ever")
    func same() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let conversations = directory.appendingPathComponent("some.jsonl")
            try Data((#"{"prompt":"Who wrote this, and when?"}"# + "\n").utf8).write(to: conversations)
            for one in Self.pinned {
                let options = one.isCalibrated ? ["--calibrate", conversations.path] : []
                let packed = try FormatTests.pack(Fixtures.url("mini-bf16").path, one.format, options, in: directory)
                let file = URL(fileURLWithPath: packed).appendingPathComponent("model.safetensors")
                let digest = SHA256.hex([UInt8](try Data(contentsOf: file)))
                #expect(
                    digest == one.digest,
                    """
                    pack --format \(one.format) writes other bytes\(one.isCalibrated ? ", calibrated" : ""). Where bytes have \
                    another meaning, the layout that PackedMetadata states must change with them, so that files of \
                    the layout before are refused; where only other values are chosen, pin \(digest)
                    """
                )
            }
        }
    }
}
