package import Requests

/// What the core wants done; the order is the order in which it is to be seen.
package enum CoreAction: Sendable {
    /// Make a request ready beside the loop, and say `prepared` or `unprepared`.
    case prepare(Ticket)
    case send(RequestEvent, to: Ticket)
    /// Start a group in a slot, on the hosts that are left of the last survey.
    case startGroup(slot: Int, generation: Int, decoderRanks: Int, visionRanks: Int)
    /// Ask hosts, and say `surveyed`; what was asked before needs no answer any more.
    case survey(slot: Int, HostQuestion)
    /// Hand a job to the leader of a slot's group.
    case submit(GenerateJob, slot: Int)
    /// Have a picture encoded; its bytes are the request's.
    case encode(ImageJob, bytes: [UInt8], slot: Int)
    /// Stop work on a job.
    case cancel(job: String, slot: Int)
    /// Free what the ranks hold of pictures.
    case forget([Int32], slot: Int)
    /// End a group in order, or by force; `ended` follows.
    case endGroup(slot: Int, byForce: Bool)
    /// Tell everybody who is connected.
    case announce(message: String?)
    /// The model has been loaded for the first time.
    case becameReady
    case log(LogEntry)
    /// Nothing is left to do. The last action.
    case ended(CoreEnd)
}

/// Which hosts of a slot are asked for a sign of life.
package enum HostQuestion: Sendable, Equatable {
    /// All but some, which count as missing.
    case all(except: Set<String>)
    /// Those alone; the others have ranks.
    case only(Set<String>)
}

/// A line for the log.
package struct LogEntry: Sendable, Equatable {
    package enum Level: Sendable, Equatable {
        case info, notice, warning, error
    }

    package var level: Level
    package var message: String
    package var details: [(name: String, value: String)]

    package init(_ level: Level, _ message: String, _ details: [(name: String, value: String)] = []) {
        self.level = level
        self.message = message
        self.details = details
    }

    package static func == (a: LogEntry, b: LogEntry) -> Bool {
        a.level == b.level && a.message == b.message && a.details.elementsEqual(b.details, by: ==)
    }
}
