import ArgumentParser
import Diagnostics
import Foundation
import GroupLauncher
import ServerClient
import WireProtocol

/// `flotilla top`: the cluster, live.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows what a server and its ranks do, live in a terminal.",
        discussion: "Interrupt it to leave."
    )

    @OptionGroup var server: ServerOptions

    @Option(help: "Seconds between two looks.")
    var interval = 1.0

    @Flag(help: "Print one table and end.")
    var once = false

    func validate() throws {
        guard (0.1...3600).contains(interval) else {
            throw ValidationError("--interval is \(interval), expected 0.1 to 3600")
        }
    }

    func run() throws {
        let (server, interval, once) = (server, interval, once)
        let isTerminal = StandardOutput.isTerminal
        let isLive = !once && isTerminal
        if isLive {
            Self.write("\u{1B}[?1049h\u{1B}[?25l")
            SignalWatch.start([SIGINT, SIGTERM, SIGHUP]) { _ in
                Self.write("\u{1B}[?25h\u{1B}[?1049l")
                _exit(0)
            }
        }
        defer { if isLive { Self.write("\u{1B}[?25h\u{1B}[?1049l") } }
        try AsyncCommand.run {
            let connection = try await server.connect()
            guard let id = RequestId("top") else { return }
            var before: StatsReport?
            while true {
                let stats = try StatsReport(json: try await connection.ask(.stats, id))
                let table = TopTable(stats, before: before, seconds: interval, isTerminal: isTerminal).text
                // Each line to its end, then whatever an earlier, longer table left below.
                Self.write(isLive ? "\u{1B}[H" + table.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[J" : table)
                if once || !isLive { return }
                before = stats
                try await Task.sleep(for: .seconds(interval))
            }
        }
    }

    private static func write(_ text: String) { StandardOutput.write(text) }
}
