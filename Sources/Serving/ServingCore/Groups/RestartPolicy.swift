/// When a lost group is started again, and with how many decoder ranks: a pure value, fed with what happened.
///
/// The wait doubles from one second to thirty with each loss in a row; an answer that ends, or half a minute of life,
/// ends the row. A group that fails to load twice in a row is tried with one decoder rank fewer, as long as the
/// smaller group has the memory; the ranks are invariant, so that the answers stay the same.
package struct RestartPolicy: Sendable {
    package struct Limits: Sendable {
        package var firstWait = Duration.seconds(1)
        package var longestWait = Duration.seconds(30)
        /// Losses in a row after which the server gives up.
        package var losses = 8
        /// Losses in all, after which it gives up; `nil`: any number.
        package var lossesInAll: Int?
        /// A group that lived longer was well.
        package var wellAfter = Duration.seconds(30)
        /// Failures to load in a row after which fewer ranks are tried.
        package var failuresPerSize = 2

        package init() {}
    }

    package enum Decision: Equatable {
        /// Start a group of so many decoder ranks after a while.
        case restart(after: Duration, decoderRanks: Int)
        case giveUp
    }

    package let asked: Int
    private let limits: Limits
    private let fits: @Sendable (_ decoderRanks: Int) -> Bool
    /// As many as failures to load have left.
    private var chosen: Int
    /// As many as the hosts that answer have room for; `nil` if there is room for all.
    private var room: Int?
    private(set) var lossesInRow = 0
    private var lossesInAll = 0
    private var failuresToLoad = 0
    private var hasBeenReady = false

    /// - Parameter fits: whether a group of so many decoder ranks has the memory.
    package init(decoderRanks: Int, limits: Limits = Limits(), fits: @escaping @Sendable (Int) -> Bool) {
        asked = decoderRanks
        chosen = decoderRanks
        self.limits = limits
        self.fits = fits
    }

    /// The most that is waited before a group is started again.
    package var longestWait: Duration { limits.longestWait }

    /// Decoder ranks of the group under way, or of the next one.
    package var decoderRanks: Int { min(chosen, room ?? chosen) }

    /// Whether the group is smaller than the operator asked for.
    package var isDegraded: Bool { decoderRanks < asked }

    /// Whether the group is smaller because larger ones could not be loaded.
    package var hasFailed: Bool { chosen < asked }

    /// Every rank has loaded.
    package mutating func becameReady() {
        hasBeenReady = true
        failuresToLoad = 0
    }

    /// An answer has ended: the group does its work.
    package mutating func madeProgress() { lossesInRow = 0 }

    /// The group has been lost, or could not be started.
    ///
    /// - Parameters:
    ///   - lived: since it was ready; `nil` if it never was.
    ///   - isHopeless: whether starting again cannot help, as with a broken checkpoint.
    package mutating func lost(lived: Duration?, isHopeless: Bool = false) -> Decision {
        // A first start that fails is the operator's to mend: waiting would only hide it.
        if !hasBeenReady || isHopeless { return .giveUp }
        if let lived, lived >= limits.wellAfter { lossesInRow = 0 }
        lossesInRow += 1
        lossesInAll += 1
        guard lossesInRow < limits.losses, limits.lossesInAll.map({ lossesInAll <= $0 }) ?? true else {
            return .giveUp
        }
        if lived == nil {
            failuresToLoad += 1
            if failuresToLoad >= limits.failuresPerSize, decoderRanks > 1, fits(decoderRanks - 1) {
                chosen = decoderRanks - 1
                failuresToLoad = 0
            }
        }
        return .restart(after: wait, decoderRanks: decoderRanks)
    }

    /// Decoder ranks of a group that is started anew as large as can be, where hosts have room for `room`.
    package func possible(in room: Int?) -> Int {
        let most = min(asked, room ?? asked)
        // As many as were asked for have fitted once; what is free now is less, since a group is there.
        return most >= 1 && (most == asked || fits(most)) ? most : 0
    }

    /// The group makes room for one that is as large as can be.
    ///
    /// - Parameter lived: since it was ready.
    package mutating func grow(lived: Duration) {
        if lived >= limits.wellAfter { lossesInRow = 0 }
        failuresToLoad = 0
        chosen = asked
    }

    /// A larger group could not be: back to the size from before.
    package mutating func fallBack(to decoderRanks: Int) {
        chosen = min(chosen, decoderRanks)
        failuresToLoad = 0
    }

    /// The hosts that answer have room for so many decoder ranks; `nil`: for as many as are wanted.
    ///
    /// - Returns: whether a group can be started there.
    package mutating func makeDo(with room: Int?) -> Bool {
        self.room = nil
        guard let room, room < chosen else { return true }
        self.room = max(room, 1)
        return room >= 1 && fits(room)
    }

    private var wait: Duration { limits.firstWait.doubled(max(lossesInRow, 1) - 1, upTo: limits.longestWait) }
}

extension Duration {
    /// Doubled so many times, up to a limit.
    func doubled(_ times: Int, upTo limit: Duration) -> Duration {
        (0..<times).reduce(self) { wait, _ in min(wait * 2, limit) }
    }
}
