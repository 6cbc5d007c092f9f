import Foundation
import RankProgram
import Testing

@testable import Frontend

@Suite("Warnings before a launch")
struct LaunchWarningsTests {
    static func warnings(decoders: Int, threads: Int?, usable: Int, online: Int) -> [String] {
        var options = RankOptions(model: URL(fileURLWithPath: "/m"))
        options.decoderRanks = decoders
        options.threads = threads
        return LaunchWarnings.of(options, processors: usable, online: online)
    }

    @Test("a group that fits is not warned about")
    func fits() {
        #expect(Self.warnings(decoders: 2, threads: 4, usable: 8, online: 8).isEmpty)
    }

    @Test("too many ranks, too many threads and a narrow binding each have their sentence")
    func cripples() {
        #expect(Self.warnings(decoders: 9, threads: 1, usable: 8, online: 8).first?.contains("9 decoder ranks") == true)
        #expect(Self.warnings(decoders: 2, threads: 8, usable: 8, online: 8).first?.contains("--threads 4") == true)
        #expect(Self.warnings(decoders: 1, threads: 1, usable: 1, online: 8).first?.contains("1 of 8") == true)
    }
}
