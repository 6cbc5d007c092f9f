import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// The threads of a live group, as the kernel has them.
@Suite("Vision ranks give way", .serialized, .ownThread)
struct GivingWayTests {
    struct Thread: Equatable {
        let name: String
        /// As the kernel numbers it: 0 is usual, 5 is the lowest.
        let policy: Int
        let nice: Int
        let processors: String

        var gives: Bool { policy == 5 }
    }

    static func threads(of pid: Int32) throws -> [Thread] {
        let directory = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { id in
            // One that has ended meanwhile is none.
            guard let stat = try? String(contentsOfFile: "\(directory)/\(id)/stat", encoding: .utf8),
                let status = try? String(contentsOfFile: "\(directory)/\(id)/status", encoding: .utf8)
            else { return nil }
            // Behind the name, which may have blanks: the third field and those that follow.
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").dropFirst()
            let numbers = Array(fields)
            func value(_ name: String) -> String {
                let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
                return line?.split(separator: "\t").last.map(String.init) ?? ""
            }
            return Thread(
                name: value("Name"),
                policy: Int(numbers[41 - 3]) ?? -1,
                nice: Int(numbers[19 - 3]) ?? -1,
                processors: value("Cpus_allowed_list")
            )
        }
    }

    /// The threads of a process when they are as they shall be: each says what it is when it gets its first turn.
    private static func threads(of pid: Int32, when isTime: ([Thread]) -> Bool) throws -> [Thread] {
        _ = Poll.until { (try? threads(of: pid)).map(isTime) ?? false }
        return try threads(of: pid)
    }

    private static let question = #"{"prompt":"describe the picture","max_tokens":20}"#

    private static func serve(
        _ options: [String],
        in directory: URL,
        script: String? = nil,
        _ body: (StatsReport, RawClient.Answer) throws -> Void
    ) throws {
        let path = directory.appendingPathComponent("socket").path
        let running = try FlotillaProgram.start(
            ["serve", "--model", ReplayTests.model, "--unix", path, "--context", "16384"] + options,
            in: directory,
            script: script
        )
        let server = ServerProcess(running, path: path)
        try server.waitUntil(.ready)
        let answer = try server.ask(question, pictures: [[UInt8](Data(contentsOf: Fixtures.url("images/wide.png")))])
        // Ranks tell of themselves once a second or so.
        #expect(Poll.until { (try? GroupsTests.report(server))?.ranks.contains { $0.tiles > 0 } ?? false })
        try body(try GroupsTests.report(server), answer)
        #expect(server.end().status == 0, "\(server.errors)")
    }

    @Test(
        "its helpers are idle-priority threads on all processors, its own thread comes behind decoders, theirs are usual"
    )
    func priorities() throws {
        let mask = try #require(try Self.threads(of: getpid()).first?.processors)
        var answers: [RawClient.Answer] = []
        for (options, helpers) in [(["--vision-threads", "4"], 3), (["--vision-threads", "1"], 0)] {
            try Fixtures.withTemporaryDirectory { directory in
                try Self.serve(options + ["--decoder-ranks", "2"], in: directory) { report, answer in
                    answers.append(answer)
                    let vision = try #require(report.ranks.first { $0.role == "vision" })
                    #expect(vision.helperThreads == helpers && vision.threads == 1 && vision.tiles > 0)
                    let threads = try Self.threads(of: vision.pid) { threads in
                        threads.count(where: \.gives) == helpers && threads.contains { $0.nice == 10 }
                    }
                    #expect(threads.filter(\.gives).map(\.name) == Array(repeating: "helper", count: helpers))
                    #expect(threads.filter(\.gives).allSatisfy { $0.processors == mask }, "\(threads)")
                    let others = threads.filter { !$0.gives }.map(\.nice).sorted()
                    #expect(others.last == 10 && others.dropLast().allSatisfy { $0 == 0 }, "\(threads)")
                    for rank in report.ranks where rank.role == "decoder" {
                        #expect(rank.helperThreads == nil)
                        #expect(try Self.threads(of: rank.pid).allSatisfy { $0.policy == 0 && $0.nice == 0 })
                    }
                }
            }
        }
        #expect(answers.count == 2 && answers[0].ids == answers[1].ids && answers[0].ids.count > 0)
    }

    @Test("by default there is one thread a processor, and a mask from outside is respected")
    func masks() throws {
        let mask = try #require(try Self.threads(of: getpid()).first?.processors)
        let first = try #require(mask.split { $0 == "," || $0 == "-" }.first.map(String.init))
        let all = mask.split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return sum + (ends.last ?? 0) - (ends.first ?? 0) + 1
        }
        for (script, processors, count) in [(nil, mask, all), ("exec taskset -c \(first) \"$0\" \"$@\"", first, 1)] {
            try Fixtures.withTemporaryDirectory { directory in
                try Self.serve([], in: directory, script: script) { report, _ in
                    let vision = try #require(report.ranks.first { $0.role == "vision" })
                    let threads = try Self.threads(of: vision.pid) { $0.count(where: \.gives) == count - 1 }
                    #expect(vision.helperThreads == count - 1 && threads.count { $0.gives } == count - 1)
                    #expect(threads.filter(\.gives).allSatisfy { $0.processors == processors })
                    #expect(script == nil || threads.allSatisfy { $0.processors == first }, "\(threads)")
                }
            }
        }
    }

    @Test("the plan counts helpers and their memory")
    func plan() throws {
        try Fixtures.withTemporaryDirectory { directory in
            func vision(_ options: String...) throws -> [String: Any] {
                let outcome = try FlotillaProgram.run(
                    ["plan", "--json", "--model", ReplayTests.model] + options,
                    in: directory
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                return try #require((object?["ranks"] as? [[String: Any]])?.last)
            }
            let (few, many) = (try vision("--vision-threads", "2"), try vision("--vision-threads", "6"))
            #expect(few["helper_threads"] as? Int == 1 && many["helper_threads"] as? Int == 5)
            #expect(few["threads"] as? Int == 1 && many["threads"] as? Int == 1)
            let bytes = [few, many].compactMap { $0["work_bytes"] as? Int }
            let total = [few, many].compactMap { $0["total_bytes"] as? Int }
            #expect(bytes.count == 2 && bytes[1] > bytes[0] && total[1] - total[0] == bytes[1] - bytes[0])
            let alone = try vision("--vision-threads", "1")["work_bytes"] as? Int ?? 0
            #expect(bytes[1] - bytes[0] == 4 * (bytes[0] - alone))
            let text = try FlotillaProgram.run(
                ["plan", "--model", ReplayTests.model, "--vision-threads", "6"],
                in: directory
            )
            #expect(text.output.contains("1+5"), "\(text.output)")
            let wrong = try FlotillaProgram.run(
                ["plan", "--model", ReplayTests.model, "--vision-ranks", "many"],
                in: directory
            )
            #expect(wrong.status == 2 && wrong.errors.contains("--vision-ranks is many, expected a number or auto"))
        }
    }
}
