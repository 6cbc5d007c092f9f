package import Kernels

extension RankOptions {
    /// Tokens of a page of the KV cache.
    package static let pageTokens = Int(KVLayout.pageTokens)

    /// What keys and values can be cached as, by the names of `--kv`.
    package static let cacheElements: [(name: String, element: KVLayout.Element)] = [
        ("f32", .float32), ("f16", .float16), ("q8", .q8),
    ]

    /// How long a leader that is told to end goes on keeping pages; the process in front waits for so much longer.
    package static let timeToKeepPages = Duration.seconds(5)

    /// The name by which `--kv` knows an element.
    package static func name(of element: KVLayout.Element) -> String {
        guard let known = cacheElements.first(where: { $0.element == element }) else {
            preconditionFailure("unreachable: \(element) has no name")
        }
        return known.name
    }
}
