import Foundation
import TestSupport
import Testing

@Suite("Answers with a draft model on ranks of its own", .serialized, .ownThread)
struct DraftModelGroupTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        var ranks: Int
        var draftRanks: Int
        var options: [String]
        var isSeeing = true
        var testDescription: String { "\(ranks) and \(draftRanks) ranks, " + options.joined(separator: " ") }
    }

    /// Everything that looks at tokens one by one, with and without a picture.
    static let settings = [
        Setting(ranks: 1, draftRanks: 1, options: ["--logprobs", "3"]),
        Setting(ranks: 3, draftRanks: 2, options: ["--think", "on"]),
        Setting(ranks: 2, draftRanks: 1, options: ["--temperature", "0.6", "--top-p", "0.95", "--top-k", "20"]),
        Setting(ranks: 2, draftRanks: 2, options: ["--repetition-penalty", "1.02", "--kv", "q8"], isSeeing: false),
        Setting(ranks: 1, draftRanks: 3, options: ["--think", "on", "--think-budget", "7", "--format", "q8"]),
    ]

    static func answer(_ setting: Setting, _ mode: [String], in directory: URL) throws -> Data {
        let picture = Fixtures.root.appendingPathComponent("Sources/Tools/DemoModel/Resources/samples/sum.png")
        let asked =
            setting.isSeeing
            ? ["--image", picture.path, "--prompt", "compute the expression"]
            : ["--prompt", "what is 3 plus 4?", "--max-tokens", "60"]
        let outcome = try FlotillaProgram.run(
            [
                "generate", "--model", "demo", "--seed", "5", "--json", "--threads", "1", "--decoder-ranks",
                "\(setting.ranks)",
            ] + asked + setting.options + mode,
            in: directory
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
        let names: Set = ["tokens", "logprobs", "text", "thinking", "answer", "finish", "boxed", "thinking_cut"]
        #expect((json["tokens"] as? [Int] ?? []).count > 2)
        return try JSONSerialization.data(
            withJSONObject: json.filter { names.contains($0.key) },
            options: .sortedKeys
        )
    }

    @Test("the same answer with a draft model and without drafts", arguments: settings)
    func same(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try Self.answer(setting, ["--speculate", "off"], in: directory)
            let mode = ["--speculate", "draft", "--draft", "demo-draft", "--draft-ranks", "\(setting.draftRanks)"]
            #expect(try Self.answer(setting, mode, in: directory) == plain)
        }
    }

    @Test("on the hosts of a hostfile, for two groups at once")
    func elsewhere() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let hosts = directory.appendingPathComponent("hosts")
            try "localhost slots=4\n".write(to: hosts, atomically: true, encoding: .utf8)
            let plain = try Self.answer(Self.settings[2], ["--speculate", "off"], in: directory)
            let draft = ["--speculate", "draft", "--draft", "demo-draft"]
            for more in [["--hostfile", hosts.path], ["--groups", "2"]] {
                #expect(try Self.answer(Self.settings[2], draft + more, in: directory) == plain, "\(more)")
            }
        }
    }

    @Test("what cannot guess is refused in one sentence before anything starts")
    func refused() throws {
        let mini = Fixtures.url("mini-bf16").path
        let draft = ["--speculate", "draft"]
        let faults: [(arguments: [String], status: Int32, words: String)] = [
            (draft + ["--draft", mini], 2, "have different tokenizers: token"),
            (draft, 2, "--speculate draft needs a draft model"),
            (["--draft", "demo-draft"], 2, "--draft was given without --speculate draft"),
            (draft + ["--draft", "demo-draft", "--draft-ranks", "4"], 2, "--draft-ranks is 4, expected 1 to 3"),
            (draft + ["--draft", "demo-draft", "--draft-format", "q5"], 2, "--draft-format is q5"),
            (draft + ["--draft", "nowhere"], 4, "\"nowhere\" is not there"),
        ]
        try Fixtures.withTemporaryDirectory { directory in
            for fault in faults {
                for command in [["generate", "--prompt", "x"], ["plan"]] {
                    let outcome = try FlotillaProgram.run(
                        command + ["--model", "demo"] + fault.arguments,
                        in: directory
                    )
                    #expect(outcome.status == fault.status, "\(fault.arguments): \(outcome.errors)")
                    #expect(outcome.errors.contains(fault.words), "\(outcome.errors)")
                }
            }
            let attached = try FlotillaProgram.run(
                ["serve", "--model", "demo", "--attach", "--draft", "demo-draft"] + draft,
                in: directory
            )
            #expect(attached.status == 2 && attached.errors.contains("--attach"), "\(attached.errors)")
        }
    }

    @Test("plan shows the ranks of a draft model beside the others")
    func plan() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let arguments = [
                "plan", "--model", "demo", "--speculate", "draft", "--draft", "demo-draft", "--draft-ranks", "2",
            ]
            let text = try FlotillaProgram.run(arguments, in: directory)
            #expect(text.output.contains("draft model demo-draft: 2 decoder and 1 vision ranks"), "\(text.output)")
            let outcome = try FlotillaProgram.run(arguments + ["--json"], in: directory)
            let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let draft = try #require(json?["draft"] as? [String: Any])
            #expect((draft["ranks"] as? [[String: Any]])?.count == 3)
        }
    }
}
