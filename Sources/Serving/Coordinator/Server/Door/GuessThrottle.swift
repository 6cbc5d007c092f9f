/// Slows down those who guess tokens, by address.
///
/// The first few mistakes cost nothing. From then on the tokens of an address are looked at one at a time, further and
/// further apart, right ones too: an answer that came faster for a right token would tell a guesser to go on with the next.
/// A pure value: the caller tells the time, as a duration since any fixed moment.
struct GuessThrottle: Sendable {
    struct Limits: Sendable {
        /// Wrong tokens of an address before its tokens have to wait.
        var free = 3
        /// The first pause between two tokens; each wrong one doubles it.
        var pause = Duration.milliseconds(250)
        var longestPause = Duration.seconds(4)
        /// A token that would have to wait longer is not looked at.
        var longestWait = Duration.seconds(8)
        /// Half of an address's mistakes are forgotten in this time.
        var halfLife = Duration.seconds(60)
        /// Connections of an address at a time that have not shown a token.
        var waiting = 32
        /// Addresses that are remembered.
        var addresses = 4096
    }

    private struct Entry {
        var mistakes = 0
        var lastMistake = Duration.zero
        /// When the next token is looked at.
        var next = Duration.zero
        var waiting = 0
    }

    private let limits: Limits
    private var entries: [PeerAddress: Entry] = [:]
    var count: Int { entries.count }

    init(_ limits: Limits = Limits()) { self.limits = limits }

    /// A connection has come that must show a token; `false` if its address has too many such already.
    mutating func arrive(_ peer: PeerAddress, now: Duration) -> Bool {
        var entry = entry(peer, now)
        guard entry.waiting < limits.waiting else { return false }
        entry.waiting += 1
        keep(entry, peer)
        return true
    }

    /// A connection that had arrived has shown a right token, or is closed.
    mutating func leave(_ peer: PeerAddress) {
        guard let waiting = entries[peer]?.waiting, waiting > 0 else { return }
        entries[peer]?.waiting -= 1
        forgetIfBlameless(peer)
    }

    private mutating func forgetIfBlameless(_ peer: PeerAddress) {
        if let entry = entries[peer], entry.waiting == 0, entry.mistakes == 0 { entries[peer] = nil }
    }

    /// How long a token that has come now has to wait until it is looked at; `nil`: it is not looked at.
    ///
    /// It counts as wrong until it was right: those that come at once wait as long as those that come in turn.
    mutating func wait(_ peer: PeerAddress, now: Duration) -> Duration? {
        var entry = entry(peer, now)
        let wait = entry.mistakes < limits.free ? .zero : max(.zero, entry.next - now)
        guard wait <= limits.longestWait else { return nil }
        entry.mistakes += 1
        entry.lastMistake = now
        if entry.mistakes >= limits.free { entry.next = now + wait + pause(entry.mistakes) }
        keep(entry, peer)
        return wait
    }

    /// The token was right.
    mutating func noteRight(_ peer: PeerAddress) {
        guard let mistakes = entries[peer]?.mistakes, mistakes > 0 else { return }
        entries[peer]?.mistakes -= 1
        forgetIfBlameless(peer)
    }

    private func pause(_ mistakes: Int) -> Duration {
        min(limits.longestPause, limits.pause * (1 << min(mistakes - limits.free, 20)))
    }

    /// What is known of an address, with what is forgotten by now.
    private func entry(_ peer: PeerAddress, _ now: Duration) -> Entry {
        guard var entry = entries[peer] else { return Entry() }
        let halves = Int((now - entry.lastMistake) / limits.halfLife)
        if entry.mistakes > 0, halves > 0 {
            entry.mistakes >>= min(halves, 32)
            entry.lastMistake += limits.halfLife * halves
        }
        return entry
    }

    private mutating func keep(_ entry: Entry, _ peer: PeerAddress) {
        if entries[peer] == nil, entries.count >= limits.addresses { forgetOne() }
        entries[peer] = entry
    }

    /// Makes room: the address with the fewest connections and mistakes goes.
    private mutating func forgetOne() {
        let least = entries.min { ($0.value.waiting, $0.value.mistakes) < ($1.value.waiting, $1.value.mistakes) }
        if let least { entries[least.key] = nil }
    }
}
