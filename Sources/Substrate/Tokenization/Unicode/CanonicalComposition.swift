/// Normalisation form C over UTF-8, as the reference's normaliser does it.
///
/// Foundation's is not used: its Unicode version is newer, and its time grows with the square of a run of combining
/// marks (a megabyte of them took four minutes).
struct CanonicalComposition: Sendable {
    static let shared = CanonicalComposition()

    private let combiningClasses: ScalarTrie
    /// A scalar's one step of decomposition; a second of 0 means that there is none.
    private let decompositions: [UInt32: (first: UInt32, second: UInt32)]
    /// From `first << 32 | second` to the joined scalar.
    private let compositions: [UInt64: UInt32]

    private init() {
        combiningClasses = ScalarTrie { bytes in
            for (combiningClass, range) in UnicodeTables.classedRanges(UnicodeTables.combiningClasses) {
                for scalar in range { bytes[Int(scalar)] = combiningClass }
            }
        }
        var decompositions: [UInt32: (first: UInt32, second: UInt32)] = [:]
        var compositions: [UInt64: UInt32] = [:]
        for (joined, first, second) in UnicodeTables.mappings(UnicodeTables.compositions) {
            decompositions[joined] = (first, second ?? 0)
            compositions[UInt64(first) << 32 | UInt64(second ?? 0)] = joined
        }
        for (scalar, first, second) in UnicodeTables.mappings(UnicodeTables.decompositions) {
            decompositions[scalar] = (first, second ?? 0)
        }
        self.decompositions = decompositions
        self.compositions = compositions
    }

    /// The normalised text, or `nil` if `text` certainly is normalised already.
    func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        if isStable(text) { return nil }
        var scalars = decomposed(text)
        compose(&scalars)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in scalars { UTF8Scalars.append(UInt32(truncatingIfNeeded: scalar) & 0x1FFFFF, to: &result) }
        return result
    }

    /// Whether no scalar of `text` can take part in a change; scalars below U+0300 never do.
    private func isStable(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let properties = ScalarProperties.shared
        var index = 0
        while index < text.count {
            // Lead bytes up to 0xCB stand for scalars below U+0300, and skipping a byte of those is enough.
            if text[index] < 0xCC {
                index += 1
            } else {
                let (scalar, length) = UTF8Scalars.decode(text, at: index)
                if properties.isUnstable(scalar) { return false }
                index += length
            }
        }
        return true
    }

    /// Fully decomposed scalars in canonical order, each as `class << 56 | scalar`.
    private func decomposed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let (scalar, length) = UTF8Scalars.decode(text, at: index)
            index += length
            decompose(scalar, into: &result)
        }
        order(&result)
        return result
    }

    private func decompose(_ scalar: UInt32, into result: inout [UInt64]) {
        if scalar < 0xC0 {
            result.append(UInt64(scalar))
        } else if Hangul.syllables.contains(scalar) {
            Hangul.decompose(scalar) { result.append(UInt64($0)) }
        } else if let (first, second) = decompositions[scalar] {
            decompose(first, into: &result)
            if second != 0 { decompose(second, into: &result) }
        } else {
            result.append(UInt64(combiningClasses[scalar]) << 56 | UInt64(scalar))
        }
    }

    /// Sorts each run of marks by class, keeping the order inside a class: the place makes every key different.
    private func order(_ scalars: inout [UInt64]) {
        var start = 0
        while start < scalars.count {
            if scalars[start] >> 56 == 0 {
                start += 1
                continue
            }
            var end = start
            var isSorted = true
            while end < scalars.count, scalars[end] >> 56 != 0 {
                if end > start, scalars[end] >> 56 < scalars[end - 1] >> 56 { isSorted = false }
                end += 1
            }
            if !isSorted {
                for place in start..<end { scalars[place] |= UInt64(place - start) << 21 }
                scalars[start..<end].sort()
            }
            start = end
        }
    }

    /// Joins pairs in place: a mark joins the last starter unless a mark of its class or a higher one stands between.
    private func compose(_ scalars: inout [UInt64]) {
        var kept = 0
        var starter: Int?
        var lastClass: UInt64 = 0
        for index in scalars.indices {
            let scalar = UInt32(truncatingIfNeeded: scalars[index]) & 0x1FFFFF
            let combiningClass = scalars[index] >> 56
            if let place = starter, place == kept - 1 || lastClass < combiningClass,
                let joined = join(UInt32(truncatingIfNeeded: scalars[place]) & 0x1FFFFF, scalar)
            {
                scalars[place] = UInt64(joined)
                continue
            }
            if combiningClass == 0 { starter = kept }
            lastClass = combiningClass
            scalars[kept] = scalars[index]
            kept += 1
        }
        scalars.removeSubrange(kept...)
    }

    private func join(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.compose(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
    }
}
