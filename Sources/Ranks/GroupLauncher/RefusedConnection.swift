/// What ranks say (Open MPI 4.1) of a connection to another rank that the network has refused.
///
/// `[[1,1],2][…:start_connect] from n3 to: n2 Unable to connect to the peer 10.0.0.2 on port 1025: No route to host`
///
/// A rank writes that in pieces – up to its own host, the other host, the reason – and those of ranks that fail at one
/// moment come mixed, so that a line may name two hosts of which neither has tried to reach the other.
struct RefusedConnection {
    /// A rank that is telling, as far as its pieces are known.
    private struct Teller {
        let from: Substring
        var to: Substring?
    }

    private var tellers: [Teller] = []
    /// Whether a piece is somebody's, and nobody knows whose.
    private var isBlurred = false

    /// The first two hosts that are certain, as one sentence; `nil` if there are none.
    static func sentence(in lines: [String]) -> String? {
        var text = Substring(lines.joined(separator: "\n") + "\n")
        var reader = RefusedConnection()
        let piece =
            /\] from (\S+) |to: (\S+) |Unable to connect to the peer (\S+) on port \d+: (.*?)(?=\[|to: |Unable|\n)/
        while let match = text.firstMatch(of: piece) {
            text = text[match.range.upperBound...]
            if let from = match.1 { reader.tellers.append(Teller(from: from)) }
            if let to = match.2 { reader.note(to: to) }
            if let address = match.3, let reason = match.4, let found = reader.end(address, reason) { return found }
        }
        return nil
    }

    /// The other host: of who has not named it yet, and is not there.
    private mutating func note(to host: Substring) {
        let who = tellers.indices.filter { tellers[$0].to == nil && tellers[$0].from != host }
        guard let first = who.first, who.allSatisfy({ tellers[$0].from == tellers[first].from }) else {
            isBlurred = isBlurred || !who.isEmpty
            return
        }
        tellers[first].to = host
    }

    /// The reason: of who has named both hosts.
    private mutating func end(_ address: Substring, _ reason: Substring) -> String? {
        let who = tellers.indices.filter { tellers[$0].to != nil }
        guard let first = who.first, let to = tellers[first].to else { return nil }
        let from = tellers[first].from
        let isSure = !isBlurred && who.allSatisfy { tellers[$0].to == to }
        // Ranks that fail at one moment fail alike; an address is one host's alone.
        return "host \(from) cannot reach host \(to)\(isSure ? " (\(address))" : ""): \(reason)"
    }
}
