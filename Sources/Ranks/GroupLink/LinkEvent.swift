package import Foundation
package import Requests

/// What a ``LinkServer`` tells the process in front.
package enum LinkEvent: Sendable {
    /// A rank has shown the secret and is let in.
    case joined(RankHello)
    /// A rank has shown the secret, but does not belong to this group: why.
    case misfit(RankHello, reason: String)
    /// A rank reports something. Hellos, pongs and goodbyes are the server's own business and do not appear.
    case report(rank: Int, LinkReport, attachment: Data)
    /// Nothing was heard of a rank for longer than the limit, though its link is open; said once a silence.
    case silent(rank: Int, for: Duration)
    /// A rank's link has ended; nothing follows from this rank.
    case closed(rank: Int, LinkEnd)
    /// Somebody who does not belong here was turned away: a line for the log.
    case stranger(String)
}

/// Why a rank's link ended.
package enum LinkEnd: Sendable, Equatable {
    /// The rank said goodbye.
    case goodbye
    /// It broke off: what the network says.
    case lost(String)
}

/// How a rank is, as far as the link can tell.
package struct LinkPulse: Sendable, Equatable {
    /// Since the rank was last heard of.
    package var silence: Duration
    /// Turns of the rank's main loop, from its last pong.
    package var ticks: UInt64
    /// Since `ticks` last changed: long in a long step, without end when the main thread hangs.
    package var sameTicksFor: Duration
}
