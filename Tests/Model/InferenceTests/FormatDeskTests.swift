import Checkpoints
import Constraints
import Foundation
import Requests
import TestSupport
import Testing

@testable import Inference

/// Constraints are made beside the steps, which wait for none.
@Suite("The desk of formats", .ownThread)
struct FormatDeskTests {
    private static let end: Int32 = 5

    /// A letter for each of the first tokens, but for one, which ends.
    private static func vocabulary(_ size: Int) -> TokenVocabulary {
        TokenVocabulary(size: size, ends: [end]) { token in
            token == end || token >= 26 ? [] : [UInt8(ascii: "a") + UInt8(token)]
        }
    }

    private struct NoFiles: Error {}

    /// Asks until there is an answer.
    private func answer(_ desk: FormatDesk, _ format: AnswerFormat) -> Result<Constraint, any Error>? {
        var answer: Result<Constraint, any Error>?
        _ = Poll.until {
            answer = desk.constraint(format)
            return answer != nil
        }
        return answer
    }

    @Test("a format is made once, and kept; what cannot be made says why")
    func made() throws {
        let desk = FormatDesk { Self.vocabulary(30) }
        #expect(desk.constraint(.regex("a+")) == nil)
        let first = try #require(answer(desk, .regex("a+"))).get()
        #expect(try #require(answer(desk, .regex("b+"))).get() !== first)
        #expect(try desk.constraint(.regex("a+"))?.get() === first)
        #expect(throws: FormatRefusal.self) { try #require(self.answer(desk, .choice([]))).get() }
        for number in 0..<20 { _ = answer(desk, .regex("a{\(number)}b")) }
        #expect(desk.constraint(.regex("a+")) == nil)
        let poor = FormatDesk { throw NoFiles() }
        poor.prepare()
        #expect(throws: NoFiles.self) { try #require(self.answer(poor, .jsonObject)).get() }
    }

    @Test("a job waits for its format while others are answered; one whose cannot be made fails")
    func waiting() throws {
        let isOpen = DispatchSemaphore(value: 0)
        let size = try Checkpoint(directory: Fixtures.url("mini-f32")).config.decoder.vocabulary
        let desk = FormatDesk {
            isOpen.wait()
            return Self.vocabulary(size)
        }
        let decoder = try SoloDecoder(Fixtures.url("mini-f32"), draftRows: 4, formats: desk)
        var formatted = SchedulerTests.job("a", prompt: [7, 8, 9], max: 40)
        (formatted.format, formatted.stopIds) = (.regex("(?:abc){2,3}d"), [Self.end])
        var refused = formatted
        (refused.id, refused.format) = ("b", .choice([]))
        var cancelled = formatted
        cancelled.id = "c"
        for job in [formatted, refused, cancelled] { #expect(decoder.leader.submit(job) == nil) }
        let plain = try decoder.run([SchedulerTests.job("plain", prompt: [7, 8, 9], max: 12)])
        #expect(plain["plain"]?.count == 12 && plain.count == 1)
        #expect(decoder.leader.cancel(id: "c"))
        isOpen.signal()
        for format in [formatted.format, refused.format] { _ = answer(desk, try #require(format)) }
        let tokens = try decoder.run([], until: ["a", "b"])
        let text = (tokens["a"] ?? []).dropLast().map { UnicodeScalar(UInt8(ascii: "a") + UInt8($0)) }
        #expect(String(String.UnicodeScalarView(text)).wholeMatch(of: /(abc){2,3}d/) != nil, "\(tokens)")
        #expect(tokens["a"]?.last == Self.end && tokens["c"] == nil)
        #expect(decoder.failures["b"]?.message.contains("choices is empty") == true)
        #expect(decoder.drafts.accepted > 0)
    }
}
