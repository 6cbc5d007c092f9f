import Foundation
import Requests
import TestSupport
import Testing

@testable import Frontend

@Suite("What a draft model is told")
struct DraftDeskTests {
    static func job(_ id: String, picture: Int32? = nil) -> GenerateJob {
        var job = GenerateJob(id: id, promptIds: [1, 2, 3, 4])
        job.thinking = .init(startId: 5, endId: 6, budget: 3)
        if let picture { job.images = [.init(number: picture, contentKey: "k", tiles: 1, start: 1, count: 2)] }
        return job
    }

    /// The job as the draft model gets it.
    static func asked(_ job: GenerateJob, answer: [Int32] = [], isComing: Bool = true) -> DraftDesk.Order {
        var job = job
        (job.thinking, job.answerIds) = (nil, answer)
        for index in job.images.indices { job.images[index].isComing = isComing }
        return .tell(.generate(job))
    }

    @Test("nothing before it is ready, everything then, and everything again after a loss")
    func lives() {
        var desk = DraftDesk()
        let (plain, seeing) = (Self.job("a"), Self.job("b", picture: 7))
        let bytes: [UInt8] = [1, 2]
        #expect(desk.submit(plain).isEmpty && desk.submit(seeing).isEmpty)
        #expect(desk.encode(ImageJob(number: 7), bytes).isEmpty)
        #expect(desk.take("a", [9, 8]).isEmpty)
        let shown = DraftDesk.Order.encode(ImageJob(number: 7), bytes)
        #expect(desk.begin() == [Self.asked(plain, answer: [9, 8]), shown, Self.asked(seeing)])
        #expect(desk.take("a", [5]) == [.tell(.confirm(id: "a", start: 6, tokens: [5]))])
        desk.lose()
        #expect(desk.take("a", [4]).isEmpty)
        #expect(desk.begin() == [Self.asked(plain, answer: [9, 8, 5, 4]), shown, Self.asked(seeing)])
        #expect(desk.end("a") == [.tell(.cancel(id: "a"))] && desk.end("a").isEmpty)
        #expect(desk.forget([7, 8]) == [.forget([7])] && desk.take("a", [1]).isEmpty)
    }

    @Test("a picture that nobody has any more, and one that cannot be read, cost the guesses for those who need it")
    func pictures() {
        var desk = DraftDesk()
        _ = desk.begin()
        let seeing = Self.job("b", picture: 7)
        #expect(desk.submit(seeing) == [Self.asked(seeing, isComing: false)])
        #expect(desk.want([7]) == [.tell(.cancel(id: "b"))])
        #expect(desk.encode(ImageJob(number: 7), []).isEmpty)
        #expect(desk.submit(seeing) == [.encode(ImageJob(number: 7), []), Self.asked(seeing)])
        #expect(desk.fail(picture: 7) == [.tell(.cancel(id: "b"))])
    }

    @Test("a picture goes there with the first answer that has guesses: tiles that no job has named hold up all others")
    func unnamed() {
        var desk = DraftDesk()
        _ = desk.begin()
        var silent = Self.job("a", picture: 7)
        silent.speculates = false
        let bytes: [UInt8] = [1, 2]
        #expect(desk.submit(silent).isEmpty && desk.encode(ImageJob(number: 7), bytes).isEmpty)
        // One in the order in which the core does it, and one that shares the other's picture.
        let (seeing, sharing) = (Self.job("b", picture: 8), Self.job("c", picture: 7))
        #expect(desk.submit(seeing) == [Self.asked(seeing, isComing: false)])
        #expect(desk.encode(ImageJob(number: 8), bytes) == [.encode(ImageJob(number: 8), bytes)])
        #expect(desk.submit(sharing) == [.encode(ImageJob(number: 7), bytes), Self.asked(sharing)])
        #expect(desk.forget([7, 8]) == [.forget([7, 8])])
    }

    @Test("jobs that want no drafts are not told of")
    func unwanted() {
        var desk = DraftDesk()
        _ = desk.begin()
        var (silent, traced) = (Self.job("a"), Self.job("b"))
        silent.speculates = false
        traced.trace = true
        #expect(desk.submit(silent).isEmpty && desk.submit(traced).isEmpty && desk.take("a", [1]).isEmpty)
    }

    @Test("an answer that is guessed wrong is left alone for longer and longer, and tried again")
    func rests() {
        var desk = DraftDesk()
        _ = desk.begin()
        _ = desk.submit(Self.job("a"))
        var (cancels, count): ([Int], Int) = ([], 0)
        for _ in 0..<3000 {
            desk.note([DraftProposal(id: "a", start: 4 + count, tokens: [1])])
            for order in desk.take("a", [2]) where order == .tell(.cancel(id: "a")) { cancels.append(count) }
            count += 1
        }
        let pauses = zip(cancels.dropFirst(), cancels).map { $0 - $1 }
        #expect(cancels[0] < 64 && pauses.count >= 3 && zip(pauses.dropFirst(), pauses).allSatisfy(>), "\(cancels)")
        // Right ones are never left alone.
        for _ in 0..<5000 {
            desk.note([DraftProposal(id: "a", start: 4 + count, tokens: [2])])
            #expect(desk.take("a", [2]).allSatisfy { $0 != .tell(.cancel(id: "a")) })
            count += 1
        }
    }
}
