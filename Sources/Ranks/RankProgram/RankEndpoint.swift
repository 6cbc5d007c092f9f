package import Foundation
package import GroupLink
package import Requests

/// A rank's way to the process in front: a link, or two queues when both are one process.
package protocol RankEndpoint: AnyObject, Sendable {
    /// The next command, if there is one.
    func poll() -> Received<LinkCommand>?
    func send(_ report: LinkReport, attachment: Data)
    /// The main loop has turned; a rank whose loop does not turn counts as hung.
    func tick()
}

extension RankEndpoint {
    package func send(_ report: LinkReport) { send(report, attachment: Data()) }
}

extension RankLink: RankEndpoint {}

/// Both ends of a group that lives in one process.
package final class LocalEndpoint: RankEndpoint {
    package let commands = EventQueue<Received<LinkCommand>>()
    package let reports = EventQueue<Received<LinkReport>>()

    package init() {}

    package func poll() -> Received<LinkCommand>? { commands.poll() }

    package func send(_ report: LinkReport, attachment: Data) {
        reports.push(Received(message: report, attachment: attachment))
    }

    package func tick() {}
}
