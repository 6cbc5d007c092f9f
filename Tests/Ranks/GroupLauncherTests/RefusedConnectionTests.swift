import TestSupport
import Testing

@testable import GroupLauncher

@Suite("Connections that a network refuses")
struct RefusedConnectionTests {
    /// What a rank writes, in the pieces in which it does (`BTL_PEER_ERROR` of Open MPI 4.1).
    private static func pieces(_ from: Int, _ to: Int) -> [String] {
        [
            "[[1,1],\(from)][../btl_tcp_endpoint.c:793:mca_btl_tcp_endpoint_start_connect] from n\(from) ",
            "to: n\(to) ",
            "Unable to connect to the peer 10.0.0.\(to) on port 1025: No route to host", "\n",
        ]
    }

    private static func sentence(_ text: String) -> String? {
        RefusedConnection.sentence(in: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    @Test("two hosts at once, their lines mixed: neither is said not to reach itself")
    func mixed() {
        let (one, other) = (Self.pieces(2, 3), Self.pieces(3, 2))
        let lines = one[0] + other[0] + one[1] + one[2] + one[3] + other[1] + other[2] + other[3]
        #expect(Self.sentence(lines) == "host n2 cannot reach host n3 (10.0.0.3): No route to host")
        let alternating = zip(other, one).map { $0 + $1 }.joined()
        #expect(Self.sentence(alternating) == "host n3 cannot reach host n2: No route to host")
        #expect(Self.sentence("from here to: nowhere, Unable") == nil)
        #expect(Self.sentence(other[1] + other[2]) == nil)
    }

    @Test("however the pieces of several ranks come, a pair that is named is one, and so is an address")
    func storm() {
        var random = SeededRandom(seed: 21)
        var named = 0
        for _ in 0..<3000 {
            var tellers = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let from = Int.random(in: 1...4, using: &random)
                return (from: from, to: (from + Int.random(in: 0...2, using: &random)) % 4 + 1)
            }
            tellers.removeAll { $0.from == $0.to }
            var left = tellers.map { Self.pieces($0.from, $0.to)[...] }
            var text = ""
            while let index = left.indices.filter({ !left[$0].isEmpty }).randomElement(using: &random) {
                text += left[index].removeFirst()
                if Int.random(in: 0..<9, using: &random) == 0 { text += "\nanother line\n" }
            }
            guard let sentence = Self.sentence(text) else { continue }
            named += 1
            let possible = tellers.flatMap { pair in
                ["", " (10.0.0.\(pair.to))"].map {
                    "host n\(pair.from) cannot reach host n\(pair.to)\($0): No route to host"
                }
            }
            #expect(possible.contains(sentence), "\(text)")
        }
        #expect(named > 1500)
    }
}
