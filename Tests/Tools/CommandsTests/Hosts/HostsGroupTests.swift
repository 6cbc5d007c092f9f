import Foundation
import TestSupport
import Testing

/// Groups over several hosts with an sshd each, started as people start them: mpirun's own remote shell.
@Suite("Groups over several hosts", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct HostsGroupTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let hosts: Int
        let decoderRanks: [Int]
        var options: [String] = []
        var testDescription: String { "\(hosts) hosts, \(decoderRanks) decoder ranks \(options)" }
    }

    /// As many as the slots of the hosts take, with a vision rank besides.
    static let settings = [
        Setting(hosts: 2, decoderRanks: [1, 2, 3]),
        Setting(hosts: 3, decoderRanks: [2, 3, 4, 5]),
        Setting(hosts: 4, decoderRanks: [3, 4, 5, 7]),
        Setting(hosts: 2, decoderRanks: [2], options: ["--rate", "1gbit", "--delay", "100us"]),
    ]

    private struct Answer: Decodable, Equatable {
        let input_ids: [Int32]
        let tokens: [Int32]
        let text: String
    }

    @Test("tokens and traces are one host's, to the bit", arguments: settings)
    func same(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let golden = try Golden("mini-bf16")
            let alone = try Self.answer(golden, ["--decoder-ranks", "1"], in: directory)
            #expect(alone.answer.tokens == golden.cases.first { $0.name == "two-images" }?.tokens)
            let lab = try NetLab(hosts: setting.hosts, ["--ssh"] + setting.options)
            for ranks in setting.decoderRanks {
                let hosts = try lab.hostfile(for: ranks + 1, in: directory)
                let options = ["--decoder-ranks", "\(ranks)", "--hostfile", hosts]
                let found = try Self.answer(golden, options, in: directory, on: lab)
                #expect(found.answer == alone.answer, "\(ranks) decoder ranks")
                #expect(found.trace == alone.trace, "\(ranks) decoder ranks")
            }
            try lab.down()
        }
    }

    /// The answer to a conversation about two pictures, and its trace; from a group that host 1 of a lab starts, if there is one.
    private static func answer(
        _ golden: Golden,
        _ options: [String],
        in directory: URL,
        on lab: NetLab? = nil
    ) throws -> (answer: Answer, trace: Data) {
        let trace = directory.appendingPathComponent("trace-\(UUID().uuidString)")
        let output = try GoldenGroupTests.twoImages(
            golden,
            options + ["--vision-ranks", "1", "--threads", "1", "--trace", trace.path],
            in: directory,
            environment: lab?.environment ?? [:],
            script: lab?.script(on: 1)
        )
        return (try JSONDecoder().decode(Answer.self, from: Data(output.utf8)), try Data(contentsOf: trace))
    }
}
