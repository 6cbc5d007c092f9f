import Requests
import Testing

@testable import ServingCore

@Suite("Receipts of the serving core")
struct ReceiptTests {
    private static let origin = Receipt.Origin(
        model: Receipt.Model(name: "m", weights: "w", config: "c", tokenizer: "t"),
        computation: Receipt.Computation(format: "native", kv: "f16")
    )

    private static func receipt(of ticket: Ticket, _ actions: [CoreAction]) -> Receipt? {
        for case .send(.ended(let ending), to: ticket) in actions { return ending.end.receipt }
        return nil
    }

    @Test("one is there where it was asked for, or where every answer has one, and there are tokens")
    func given() throws {
        for (isAsked, givesAll, hasOrigin) in [
            (true, false, true), (false, true, true), (false, false, true), (true, true, false),
        ] {
            var bench = try CoreBench {
                $0.receipts = hasOrigin ? Self.origin : nil
                $0.givesReceipts = givesAll
            }
            bench.ready()
            bench.ask(1, pictures: ["a"]) { options in
                options.receipt = isAsked
                options.sampling.seed = 6
                options.sampling.temperature = 0.5
            }
            bench.tokens([400, 902], of: 1)
            bench.report(.finished(id: "j1", JobSummary(.stop)))
            let receipt = Self.receipt(of: 1, bench.actions)
            #expect((receipt != nil) == ((isAsked || givesAll) && hasOrigin))
            guard let receipt else { continue }
            #expect(receipt.answer == Receipt.Answer(tokens: [400, 902], finish: .stop))
            #expect(receipt.request.temperature == 0.5 && receipt.prompt.ids.count == 20)
            #expect(receipt.pictures.map(\.sha256) == ["a"] && receipt.pictures[0].start == 2)
            #expect(receipt.doubt(against: Self.origin, pictures: ["a"]) == nil)
            bench.ask(2) { $0.receipt = true }
            bench.feed(.cancelled(2))
            #expect(Self.receipt(of: 2, bench.actions) == nil, "there is nothing to confirm")
        }
    }

    @Test("it is the same whether ranks were lost or not, and has no word of it")
    func replayed() throws {
        var receipts: [Receipt] = []
        for losses in 0..<3 {
            var bench = try CoreBench { $0.receipts = Self.origin }
            bench.ready()
            bench.ask(1) { options in
                options.receipt = true
                options.sampling.seed = 3
            }
            bench.tokens([400, 401], of: 1)
            for loss in 0..<losses {
                bench.lose()
                bench.tokens([402 + Int32(loss)], of: 1)
            }
            for token in (402 + Int32(losses))..<406 { bench.tokens([token], of: 1) }
            bench.tokens([902], of: 1)
            bench.report(.finished(id: "j1", JobSummary(.stop)))
            receipts.append(try #require(Self.receipt(of: 1, bench.actions)))
        }
        #expect(receipts[0].answer.tokens == [400, 401, 402, 403, 404, 405, 902])
        #expect(receipts[1] == receipts[0] && receipts[2] == receipts[0])
    }
}
