package import Diagnostics
package import Requests

/// The name of a request in this process; whoever submits draws it, and never twice.
package typealias Ticket = Int
/// Whom fairness counts together: a connection, a token, an address.
package typealias Owner = Int

/// What happens to the core.
package enum CoreInput: Sendable {
    /// The process is ready to start groups; once, and first.
    case began
    /// A request has come and is to be made ready, if there is room.
    case asked(Ticket, owner: Owner)
    /// It has been made ready, or cannot be.
    case prepared(Ticket, Preparation)
    case unprepared(Ticket, RequestError)
    /// Its sender wants no more of it, and is told that it ended.
    case cancelled(Ticket)
    /// Its sender has gone.
    case abandoned(Ticket)
    /// A second has passed, or ``ServingCore/nextWake`` has come.
    case tick
    /// Of the group that a slot started as `generation`; older ones are not heard.
    case group(slot: Int, generation: Int, GroupNews)
    /// The hosts that the core last wanted asked for a slot have been.
    case surveyed(slot: Int, HostSurvey)
    /// Nothing new is taken; what runs is finished, until the limit.
    case drain(within: Duration?)
    /// Everything ends at once.
    case stop(CoreEnd)

    /// Which hosts are left.
    package struct HostSurvey: Sendable {
        /// Decoder and vision ranks that they have room for; `nil`: as many as are wanted.
        package var room: Int?
        package var visionRoom: Int?
        /// Hosts that such a group would have ranks on.
        package var used: Int
        /// Those that do not answer.
        package var missing: [String]

        package init(room: Int? = nil, visionRoom: Int? = nil, used: Int = 0, missing: [String] = []) {
            (self.room, self.visionRoom, self.used, self.missing) = (room, visionRoom, used, missing)
        }
    }
}

/// What a group tells.
package enum GroupNews: Sendable {
    case joined(RankHello)
    /// Every rank has said hello.
    case formed
    case report(rank: Int, LinkReport)
    /// A line for the log.
    case note(String)
    /// Nothing of it is left; `nil`: as it was told.
    case ended((any OperatorError)?)
}

/// What the process ends with.
package enum CoreEnd: Sendable {
    /// Drained, or told to shut down.
    case done
    /// Told to stop at once by a signal.
    case signalled(Int32)
    case failed(any OperatorError)
}
