internal import CDigest

/// SHA-256 (FIPS 180-4): names for pictures, tiles and pages of the KV cache by what is in them.
package enum SHA256 {
    /// The 32 bytes of the digest.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [
            0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
        ]
        let whole = bytes.count / 64
        bytes.withUnsafeBufferPointer { cdigest_sha256_blocks(&state, $0.baseAddress, whole) }
        // The rest, a one bit, zeros, and the length in bits.
        var tail = Array(bytes[(whole * 64)...]) + [0x80]
        tail += [UInt8](repeating: 0, count: (120 - tail.count) % 64)
        tail += bigEndianBytes(UInt64(bytes.count) << 3)
        cdigest_sha256_blocks(&state, tail, tail.count / 64)
        return state.flatMap(bigEndianBytes)
    }

    /// The digest in 64 lower-case hexadecimal digits.
    package static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(digest(bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func bigEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (1...T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (T.bitWidth - 8 * $0)) }
    }
}
