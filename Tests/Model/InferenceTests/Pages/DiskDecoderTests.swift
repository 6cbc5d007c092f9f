import Checkpoints
import Foundation
import Kernels
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The same tokens with pages on disk", .ownThread)
struct DiskDecoderTests {
    /// Long prompts that begin alike in pairs, so that there are full pages to share, and answers of odd lengths.
    static func jobs() throws -> [GenerateJob] {
        try CompanyTests.jobs(count: 6, maxTokens: 90).enumerated().map { place, job in
            var job = job
            let first = job.promptIds
            let count = 150 + 23 * (place % 3)
            job.promptIds = (0..<count).map { (first[$0 % first.count] + Int32($0 % 5)) % 200 } + first
            return job
        }
    }

    @Test(
        "in a memory for a third of them, and again after a restart, in every KV format",
        arguments: KVLayout.Element.allCases
    )
    func formats(cache: KVLayout.Element) throws {
        let model = try Golden(CompanyTests.model).directory
        let jobs = try Self.jobs()
        let alone = try CompanyTests.alone(jobs, cache: cache)
        try Fixtures.withTemporaryDirectory { directory in
            var found = 0
            for round in 0..<3 {
                let solo = try SoloDecoder(
                    model,
                    cache: cache,
                    chunk: 64 + round,
                    maxSequences: 1 + round,
                    pages: round == 0 ? 64 : 9 + round,
                    draftRows: round == 2 ? 8 : 0,
                    pagesOnDisk: directory
                )
                #expect(try solo.run(jobs) == alone, "round \(round)")
                try solo.end()
                let cached = jobs.map { solo.endings[$0.id]?.cachedTokens ?? 0 }
                if round > 0 { #expect(cached.contains { $0 >= 128 }, "round \(round): \(cached)") }
                found += solo.leader.scheduler.load.disk?.read ?? 0
            }
            #expect(found > 0, "nothing came back from disk")
        }
    }

    @Test("damaged files are computed again, and answers are the same")
    func damage() throws {
        let model = try Golden(CompanyTests.model).directory
        let jobs = Array(try Self.jobs().prefix(3))
        let alone = try CompanyTests.alone(jobs)
        try Fixtures.withTemporaryDirectory { directory in
            let first = try SoloDecoder(model, cache: .float16, pagesOnDisk: directory)
            #expect(try first.run(jobs) == alone)
            try first.end()
            let all = FileManager.default.subpaths(atPath: directory.path) ?? []
            let files = all.filter { $0.hasSuffix(".page") }.sorted()
            #expect(files.count > 6)
            for (place, name) in files.enumerated() where place % 2 == 0 {
                let file = directory.appendingPathComponent(name)
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count - 1 - 97 * place] ^= 4
                try bytes.write(to: file)
            }
            let second = try SoloDecoder(model, cache: .float16, pagesOnDisk: directory)
            #expect(try second.run(jobs) == alone)
            let figures = try #require(second.leader.scheduler.load.disk)
            #expect(figures.refused > 0)
            #expect(second.leader.takeNotes().contains { $0.contains("damaged") })
            try second.end()
            let third = try SoloDecoder(model, cache: .float16, pagesOnDisk: directory)
            #expect(try third.run(jobs) == alone)
            #expect(third.leader.scheduler.load.disk?.refused == 0)
            try third.end()
        }
    }
}
