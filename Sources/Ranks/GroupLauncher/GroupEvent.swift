package import Diagnostics
package import Foundation
internal import GroupLink
package import Requests

/// What a ``RankGroup`` tells the process in front, in this order: `joined`, `formed`, reports, `ended`.
package enum GroupEvent: Sendable {
    /// A rank has said hello.
    case joined(RankHello)
    /// Every rank has said hello; they are in the order of their ranks.
    case formed([RankHello])
    case report(rank: Int, LinkReport, attachment: Data)
    /// A line for the log.
    case note(String)
    /// The group has ended and nothing of it is left on this machine. The last event.
    case ended(GroupEnd)
}

/// How a group ended.
package enum GroupEnd: Sendable {
    /// In order, on request.
    case finished
    /// By a ``LaunchError``, a ``RankLostError`` or a ``RankFailedError``.
    case failed(any OperatorError)

    package var error: (any OperatorError)? {
        if case .failed(let error) = self { error } else { nil }
    }
}
