import Diagnostics
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

    @Test("a rank that computes other bits than receipts would say ends the group and the server: exit code 3")
    func otherComputation() throws {
        let own = Self.origin.computation
        let others: [(Receipt.Computation, String)] = [
            (
                Receipt.Computation(format: "q8", kv: "f16"),
                "--format q8, and the process in front with --format native"
            ),
            (
                Receipt.Computation(format: "native", kv: "f16", vision: "q8"),
                "--vision-format q8, and the process in front with --vision-format native"
            ),
            (Receipt.Computation(format: "native", kv: "q8"), "--kv q8"),
            (Receipt.Computation(format: "native", kv: "f16", wire: "bf16"), "--wire-format bf16"),
        ]
        for (found, says) in others {
            var bench = try CoreBench { $0.receipts = Self.origin }
            var stats = RankStats()
            stats.computation = own
            bench.report(.ready(stats), rank: 0)
            stats.computation = found
            bench.report(.ready(stats), rank: 1)
            #expect(bench.core.slots[0].phase == .loading)
            #expect(bench.actions.contains { if case .endGroup(slot: 0, byForce: true) = $0 { true } else { false } })
            // Whatever its ranks say while they end.
            bench.report(.ready(stats), rank: 1)
            bench.die(slot: 0)
            let ends = bench.actions.compactMap { if case .ended(.failed(let error)) = $0 { error } else { nil } }
            #expect(ends.count == 1 && ends.first?.exitCode == .ranksDisagree)
            #expect(ends.first?.description.hasPrefix("rank 1 runs with " + says) == true, "\(ends)")
        }
        var bench = try CoreBench { $0.receipts = Self.origin }
        var stats = RankStats()
        for rank in 0...1 {
            let hello = RankHello(rank: rank, worldSize: 2, role: .decoder, host: "h", machine: "m", pid: 1)
            bench.feed(.group(slot: 0, generation: bench.generation, .joined(hello)))
            bench.report(.ready(stats), rank: rank)
            stats.computation = own
        }
        #expect(bench.core.slots[0].phase == .ready, "who says nothing, or the same, fits")
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
