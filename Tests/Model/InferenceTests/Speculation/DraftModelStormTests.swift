import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("A draft model's scheduler beside the decoder's")
struct DraftModelStormTests {
    typealias Toy = SpeculationStormTests.Toy

    /// Two schedulers, and what is on its way between them; either side may hear late, and the draft model may be lost.
    struct Pair {
        var decoder: Toy
        var draft: Toy
        let makeDraft: () -> Toy
        /// What the draft model is to hear, and the decoder.
        var confirmations: [(id: String, start: Int, tokens: [Int32])] = []
        var proposals: [DraftProposal] = []
        /// Prompt and answer so far, of what is under way.
        var known: [String: (job: GenerateJob, tokens: [Int32])] = [:]
        var ofModel = (drafted: 0, accepted: 0)

        init(decoder: Toy, makeDraft: @escaping () -> Toy) {
            (self.decoder, self.makeDraft) = (decoder, makeDraft)
            draft = makeDraft()
        }

        mutating func submit(_ job: GenerateJob) {
            #expect(decoder.submit(job) == nil)
            known[job.id] = (job, job.promptIds + job.answerIds)
            tellDraft(job)
        }

        private mutating func tellDraft(_ job: GenerateJob) {
            var job = job
            (job.thinking, job.format) = (nil, nil)
            _ = draft.scheduler.submit(job)
        }

        mutating func stepDecoder() {
            decoder.step()
            for new in decoder.news {
                if new.draft?.isOfModel == true {
                    ofModel.drafted += new.draft?.drafted ?? 0
                    ofModel.accepted += new.draft?.accepted ?? 0
                }
                guard let entry = known[new.id] else { continue }
                confirmations.append((new.id, entry.tokens.count, new.ids))
                known[new.id]?.tokens += new.ids
                if decoder.endings[new.id] != nil {
                    known[new.id] = nil
                    confirmations.removeAll { $0.id == new.id }
                    _ = draft.scheduler.cancel(id: new.id)
                }
            }
        }

        mutating func cancel(_ id: String) -> Bool {
            known[id] = nil
            confirmations.removeAll { $0.id == id }
            _ = draft.scheduler.cancel(id: id)
            return decoder.scheduler.cancel(id: id)
        }

        mutating func stepDraft() {
            draft.step()
            proposals += draft.scheduler.takeProposals()
        }

        mutating func deliver(_ count: Int) {
            for _ in 0..<min(count, confirmations.count) {
                let next = confirmations.removeFirst()
                draft.scheduler.confirm(id: next.id, start: next.start, tokens: next.tokens)
            }
            decoder.scheduler.offer(Array(proposals.prefix(count)))
            proposals.removeFirst(min(count, proposals.count))
        }

        mutating func loseDraft() {
            draft = makeDraft()
            confirmations = []
            // In an order that is the same in every run.
            for (_, (job, tokens)) in known.sorted(by: { $0.key < $1.key }) {
                var job = job
                job.answerIds = Array(tokens.dropFirst(job.promptIds.count))
                tellDraft(job)
            }
        }
    }

    /// Thinks otherwise than the decoder's model now and then.
    static func wayward(_ state: UInt64, _ position: Int) -> Int32 {
        state % 5 == 0 ? Int32(2 + state % 9) : Toy.next(state, position)
    }

    /// What a draft model says by itself behind known tokens.
    static func continuation(of tokens: [Int32], count: Int) -> [Int32] {
        var state: UInt64 = 1
        for token in tokens { state = Toy.mix(state, token) }
        var all: [Int32] = []
        for position in (tokens.count - 1)..<(tokens.count - 1 + count) {
            let token = wayward(state, position)
            all.append(token)
            state = Toy.mix(state, token)
        }
        return all
    }

    @Test(
        "answers are what they are alone, and guesses what the draft model says behind what is known",
        arguments: 0..<30
    )
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let lead = [1, 5, 16][seed % 3]
        var decoder = Toy(pages: seed % 2 == 0 ? 50 : 400, sequences: 1 + seed % 4, draftRows: [2, 16][seed % 2])
        decoder.model = Toy.next
        var pair = Pair(decoder: decoder) {
            var draft = Toy(
                pages: seed % 3 == 0 ? 40 : 400,
                sequences: 1 + seed % 5,
                draftRows: 0,
                lead: lead
            )
            draft.model = Self.wayward
            return draft
        }
        var jobs: [String: GenerateJob] = [:]
        var cancelled: Set<String> = []
        var guesses = 0
        func turn() {
            for _ in 0..<Int.random(in: 0...3, using: &random) { pair.stepDraft() }
            for proposal in pair.proposals.suffix(4) {
                guard let entry = pair.known[proposal.id], proposal.start <= entry.tokens.count else { continue }
                let before = Array(entry.tokens.prefix(proposal.start))
                let expected = Self.continuation(of: before, count: proposal.tokens.count)
                #expect(proposal.tokens == expected, "\(proposal)")
                guesses += 1
            }
            pair.deliver(Int.random(in: 0...6, using: &random))
            if Int.random(in: 0..<3, using: &random) > 0 { pair.stepDecoder() }
            if Int.random(in: 0..<60, using: &random) == 0 { pair.loseDraft() }
        }
        for number in 0..<40 {
            var job = SpeculationStormTests.job(number, &random)
            if number % 3 == 2, let earlier = jobs["\(number - 2)"] { job.promptIds = earlier.promptIds }
            jobs[job.id] = job
            pair.submit(job)
            for _ in 0..<Int.random(in: 0...9, using: &random) { turn() }
            if number % 7 == 5, pair.cancel("\(number - 1)") { cancelled.insert("\(number - 1)") }
        }
        var turns = 0
        while pair.decoder.scheduler.hasSequences, turns < 20_000 {
            turn()
            turns += 1
        }
        #expect(!pair.decoder.scheduler.hasSequences && pair.decoder.scheduler.load.usedPages == 0)
        #expect(!pair.draft.scheduler.hasSequences && pair.draft.scheduler.load.usedPages == 0)
        for (id, job) in jobs {
            let whole = pair.decoder.tokens[id] ?? []
            let expected = SpeculationStormTests.answer(job)
            #expect(cancelled.contains(id) ? Array(expected.prefix(whole.count)) == whole : whole == expected, "\(id)")
        }
        #expect(guesses > 20, "\(pair.ofModel) of \(guesses) guesses")
    }

    @Test("a draft model stops when it is far enough ahead, at what ends an answer, and at the end of its context")
    func rests() {
        var draft = Toy(pages: 400, sequences: 2, draftRows: 0, lead: 5)
        var job = SchedulerTests.job("a", prompt: [7, 8, 9], max: 200)
        _ = draft.scheduler.submit(job)
        for _ in 0..<20 { draft.step() }
        #expect(draft.scheduler.takeProposals().last?.tokens.count == 5)
        #expect(draft.scheduler.decodingCount == 0 && draft.scheduler.nextPlan().runs.isEmpty)
        draft.scheduler.confirm(id: "a", start: 3, tokens: [20, 21])
        for _ in 0..<20 { draft.step() }
        let last = draft.scheduler.takeProposals().last
        #expect(last?.start == 5 && last?.tokens.count == 5)
        // More than its context has: 120 positions.
        draft.scheduler.confirm(id: "a", start: 5, tokens: Array(repeating: 20, count: 116))
        #expect(!draft.scheduler.hasSequences && draft.scheduler.load.usedPages == 0)
        // One that begins when the answer is longer than that already.
        job.answerIds = Array(repeating: 20, count: 117)
        #expect(draft.scheduler.submit(job)?.kind == .tooLong && !draft.scheduler.hasSequences)
        job.answerIds = []
        job.stopIds = [10, 11, 12]
        _ = draft.scheduler.submit(job)
        for _ in 0..<20 { draft.step() }
        #expect(draft.scheduler.takeProposals().last?.tokens.count ?? 9 < 5)
        #expect(draft.scheduler.hasSequences)
    }
}
