import Checkpoints
import Foundation
import Kernels
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("The same tokens alone, in company, after preemption and replay")
struct CompanyTests {
    static let model = "mini-bf16"

    /// Prompts of odd lengths over the golden texts, greedy and sampled in every way.
    static func jobs(count: Int, maxTokens: Int = 40) throws -> [GenerateJob] {
        let golden = try Golden(model)
        let texts = golden.cases.filter(\.tiles.isEmpty).map(\.inputIds)
        return (0..<count).map { number in
            let text = texts[number % texts.count]
            var job = GenerateJob(
                id: "\(number)",
                promptIds: Array(text.prefix(text.count - number % 3)) + [Int32(40 + number)]
            )
            job.sampling.maxTokens = maxTokens - number
            job.sampling.seed = UInt64(number)
            if number % 4 == 1 { job.sampling.temperature = 0.8 }
            if number % 4 == 2 {
                job.sampling.temperature = 1.1
                job.sampling.topP = 0.9
                job.sampling.repetitionPenalty = 1.2
            }
            if number % 4 == 3 {
                job.sampling.repetitionPenalty = 1.3
                job.sampling.frequencyPenalty = 0.4
                job.sampling.logitBias = [Sampling.Bias(id: 7, bias: 1.5)]
            }
            if number == 6 {
                job.sampling.topK = 20
                job.sampling.presencePenalty = 0.8
                job.logprobs = 2
            }
            return job
        }
    }

    static func alone(
        _ jobs: [GenerateJob],
        format: WeightFormat = .native,
        cache: KVLayout.Element = .float16
    ) throws -> [String: [Int32]] {
        let golden = try Golden(model)
        var tokens: [String: [Int32]] = [:]
        for job in jobs {
            let solo = try SoloDecoder(golden.directory, format: format, cache: cache)
            tokens.merge(try solo.run([job])) { first, _ in first }
        }
        return tokens
    }

    @Test("eight requests together, and again from the prefix cache, for any chunk")
    func company() throws {
        let jobs = try Self.jobs(count: 8)
        let alone = try Self.alone(jobs)
        for chunk in [256, 7] {
            let solo = try SoloDecoder(try Golden(Self.model).directory, cache: .float16, chunk: chunk)
            #expect(try solo.run(jobs) == alone, "chunk \(chunk)")
            let again = jobs.map { job in
                var job = job
                job.id += " again"
                return job
            }
            let second = try solo.run(again)
            #expect(Dictionary(uniqueKeysWithValues: second.map { (String($0.prefix { $0 != " " }), $1) }) == alone)
            #expect(again.contains { (solo.endings[$0.id]?.cachedTokens ?? 0) > 0 }, "nothing came from the cache")
        }
    }

    @Test(
        "in every format, together in chunks that no tile of tokens divides",
        arguments: WeightFormat.allCases,
        [KVLayout.Element.float16, .q8]
    )
    func formats(format: WeightFormat, cache: KVLayout.Element) throws {
        let jobs = try Self.jobs(count: 8, maxTokens: 24)
        let alone = try Self.alone(jobs, format: format, cache: cache)
        for (chunk, threads) in [(256, 1), (13, 3)] {
            let solo = try SoloDecoder(
                try Golden(Self.model).directory,
                format: format,
                cache: cache,
                chunk: chunk,
                threads: threads
            )
            #expect(try solo.run(jobs) == alone, "chunk \(chunk)")
        }
    }

    @Test("requests that push each other out of a small cache, in every format", arguments: WeightFormat.allCases)
    func preemption(format: WeightFormat) throws {
        let jobs = try Self.jobs(count: 8, maxTokens: 120)
        let alone = try Self.alone(jobs, format: format)
        let solo = try SoloDecoder(try Golden(Self.model).directory, format: format, cache: .float16, pages: 9)
        #expect(try solo.run(jobs) == alone)
        #expect(!solo.preempted.isEmpty, "nothing was preempted")
    }

    @Test("with drafts, alone and together and pushing each other out", arguments: WeightFormat.allCases)
    func drafts(format: WeightFormat) throws {
        var jobs = try Self.jobs(count: 8, maxTokens: 120)
        // A model that has learnt little repeats itself: what it is drafted from.
        for index in jobs.indices { jobs[index].promptIds += jobs[index].promptIds }
        let alone = try Self.alone(jobs, format: format)
        let model = try Golden(Self.model).directory
        for (sequences, pages) in [(1, 64), (8, 64), (8, 14)] {
            let solo = try SoloDecoder(
                model,
                format: format,
                cache: .float16,
                chunk: 64,
                maxSequences: sequences,
                pages: pages,
                draftRows: 16
            )
            #expect(try solo.run(jobs) == alone, "\(sequences) sequences, \(pages) pages")
            #expect(solo.drafts.accepted > 0 && solo.drafts.accepted < solo.drafts.drafted)
        }
    }

    @Test("log-probabilities of drafted tokens are those of tokens that were not")
    func draftedLogprobs() throws {
        var job = try Self.jobs(count: 1, maxTokens: 60)[0]
        job.promptIds += job.promptIds
        (job.logprobs, job.sampling.repetitionPenalty) = (4, 1.05)
        let model = try Golden(Self.model).directory
        let (plain, drafted) = (try SoloDecoder(model), try SoloDecoder(model, draftRows: 16))
        #expect(try plain.run([job]) == drafted.run([job]))
        #expect(plain.logprobs == drafted.logprobs && plain.logprobs.count == 60)
        #expect(drafted.drafts.drafted > 0)
    }

    @Test("taken up again by another group from any of their tokens")
    func replay() throws {
        let jobs = try Self.jobs(count: 4)
        let alone = try Self.alone(jobs)
        for sent in [1, 2, 13, 30] {
            let again = jobs.map { job in
                var job = job
                job.answerIds = Array((alone[job.id] ?? []).prefix(sent))
                return job
            }.filter { $0.answerIds.count < $0.sampling.maxTokens && $0.answerIds.count < (alone[$0.id]?.count ?? 0) }
            let solo = try SoloDecoder(try Golden(Self.model).directory, cache: .float16, chunk: 5)
            let rest = try solo.run(again)
            for job in again {
                #expect(job.answerIds + (rest[job.id] ?? []) == alone[job.id], "\(job.id) after \(sent)")
            }
        }
    }

    @Test("log-probabilities are the softmax of the raw logits, and do not change a token")
    func logprobs() throws {
        var job = try Self.jobs(count: 1, maxTokens: 5)[0]
        let plain = try Self.alone([job])
        job.logprobs = 3
        job.trace = true
        let solo = try SoloDecoder(try Golden(Self.model).directory, cache: .float16)
        #expect(try solo.run([job]) == plain)
        let rows = solo.logits[job.id] ?? []
        #expect(rows.count == solo.logprobs.count)
        for (row, found) in zip(rows, solo.logprobs) {
            let sum = row.reduce(0.0) { $0 + exp(Double($1)) }
            let best = row.indices.sorted { row[$0] > row[$1] }.prefix(3).map { Int32($0) }
            #expect(found.top.map(\.id) == best)
            #expect(abs(Double(found.logprob) - (Double(row[Int(found.id)]) - log(sum))) < 1e-5)
        }
    }

    @Test("a trace changes neither tokens nor log-probabilities, however tokens are chosen")
    func traced() throws {
        for job in try Self.jobs(count: 8, maxTokens: 16) {
            var plain = job
            plain.logprobs = 5
            var traced = plain
            traced.trace = true
            let (first, second) = (
                try SoloDecoder(try Golden(Self.model).directory), try SoloDecoder(try Golden(Self.model).directory)
            )
            #expect(try first.run([plain]) == second.run([traced]))
            #expect(first.logprobs == second.logprobs && !first.logprobs.isEmpty)
        }
    }

    @Test("a bias forbids or forces a token; penalties end repetition")
    func adjustments() throws {
        var job = try Self.jobs(count: 1, maxTokens: 30)[0]
        let plain = try Self.alone([job])[job.id] ?? []
        let first = try #require(plain.first)
        job.sampling.logitBias = [Sampling.Bias(id: first, bias: -100)]
        #expect(try Self.alone([job])[job.id]?.contains(first) == false)
        job.sampling.logitBias = [Sampling.Bias(id: 33, bias: 100)]
        #expect(try Self.alone([job])[job.id] == Array(repeating: 33, count: 30))
        // 100 more for the one token, and 2 less for each time that it has come: others' turn comes.
        job.sampling.maxTokens = 90
        job.sampling.frequencyPenalty = 2
        let tokens = try Self.alone([job])[job.id] ?? []
        #expect(tokens.prefix(10) == Array(repeating: 33, count: 10)[...] && Set(tokens).count > 1, "\(tokens)")
    }
}
