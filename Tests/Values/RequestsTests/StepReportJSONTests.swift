import Foundation
import Requests
import TestSupport
import Testing

@Suite("A step's report without a coder")
struct StepReportJSONTests {
    private static let ids = ["1", "chat \"7\"", "zeilen\numbruch\\", "übung 🌱", "", "\u{1}\u{1F}"]

    private static func report(_ random: inout SeededRandom) -> StepReport {
        func count() -> Int { Int.random(in: 0...3, using: &random) }
        func number() -> Int { [0, 9, 10, 4711, Int.max, -1, Int.min][Int.random(in: 0..<7, using: &random)] }
        func id() -> String { ids[Int.random(in: 0..<ids.count, using: &random)] }
        func key() -> PageKey {
            PageKey(high: random.next(), low: random.next() >> UInt64.random(in: 0...63, using: &random))
        }
        var report = StepReport()
        report.tokens = (0..<count()).map { _ in
            var tokens = StepReport.Tokens(
                id: id(),
                ids: (0..<count()).map { _ in Int32(truncatingIfNeeded: random.next()) }
            )
            if Bool.random(using: &random) {
                tokens.draft = .init(drafted: number(), accepted: number(), isOfModel: [nil, true, false][count() % 3])
            }
            return tokens
        }
        report.prefill = (0..<count()).map { _ in .init(id: id(), done: number(), total: number()) }
        report.tiles = (0..<count()).map { _ in Int32(truncatingIfNeeded: random.next()) }
        report.preempted = (0..<count()).map { _ in id() }
        report.droppedPages = (0..<count()).map { _ in key() }
        report.keptPages = (0..<count()).map { _ in key() }
        (report.load.running, report.load.waiting, report.load.usedPages) = (number(), number(), number())
        (report.load.cachedPages, report.load.pages) = (number(), number())
        if Bool.random(using: &random) {
            var disk = DiskFigures()
            (disk.pages, disk.capacity, disk.pageBytes) = (number(), number(), number())
            (disk.written, disk.read, disk.refused) = (number(), number(), number())
            (disk.isWriting, disk.isReading) = (Bool.random(using: &random), Bool.random(using: &random))
            report.load.disk = disk
        }
        return report
    }

    @Test("is what the coding reads")
    func coding() throws {
        var random = SeededRandom(seed: 4)
        var bytes: [UInt8] = []
        for _ in 0..<500 {
            let report = Self.report(&random)
            #expect(report.isPlain)
            bytes.removeAll(keepingCapacity: true)
            report.append(to: &bytes)
            #expect(try JSONDecoder().decode(LinkReport.self, from: Data(bytes)) == .step(report))
        }
    }

    @Test("log-probabilities are left to the coding, and a cleared report is like a new one")
    func rest() {
        var random = SeededRandom(seed: 5)
        var report = Self.report(&random)
        report.tokens = [StepReport.Tokens(id: "1", ids: [3])]
        report.tokens[0].logprobs = [TokenLogprobs(id: 3, logprob: -1, top: [])]
        #expect(!report.isPlain)
        report.clear()
        #expect(report == StepReport())
    }
}
