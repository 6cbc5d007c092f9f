import Checkpoints
import Communication
import Scaling
import Sharding
import TestSupport
import Testing

/// Steps that are foretold, against sums that can be done on paper.
@Suite("Forecast")
struct ForecastTests {
    static let config = PublishedShape.twoBillion.decoder
    static let forecast = Forecast(config, weightBytes: 2, elementBytes: 2)

    @Test("a token reads every weight of the 2B shape once")
    func bytes() throws {
        let alone = try ShardPlan(Self.config, ranks: 1)
        let work = StepWork(Self.config, shard: alone.shards[0])
        // 28 layers of 2048 · (2 · 2048 + 2 · 1024 + 3 · 6144) weights, and the head.
        let weights = 28.0 * 2048 * 24_576 + 2048 * 151_936
        #expect(work.readBytes(.decode(), weightBytes: 2, cacheBytes: 0) == 2 * weights)
        // Keys and values of 1000 tokens, and half of the one that comes.
        let cache = work.readBytes(.decode(context: 1000), weightBytes: 0)
        #expect(cache == 28.0 * 2 * 1024 * 2 * 1000.5)
        #expect(work.operations(.decode()) == 2 * weights + 4 * 28 * 16 * 128)
    }

    @Test("without a network's cost, a step takes the largest rank's share", arguments: [1, 2, 4, 8])
    func even(ranks: Int) throws {
        let free = NetworkModel(latency: 0, secondsPerByte: 0)
        for work in [Workload.decode(), .prefill(256)] {
            let step = try Self.forecast.step(work, ranks: ranks, alone: 8, network: NetworkCurve(free))
            // The 2B shape divides by all of these but for the vocabulary's blocks of 64 rows.
            #expect(abs(step.seconds * Double(ranks) / 8 - 1) < 0.001)
            #expect(step.seconds == step.compute)
        }
    }

    @Test("latency comes twice a layer and round, and once with the embedding")
    func latency() throws {
        let network = NetworkModel(latency: 1e-3, secondsPerByte: 0)
        let step = try Self.forecast.step(.decode(), ranks: 2, alone: 1, network: NetworkCurve(network))
        #expect(abs(step.exchange - 57e-3) < 1e-12)
        #expect(step.seconds == step.compute + step.exchange)
    }

    @Test("bytes cost what two ranks send: a partial sum of 2048 floats twice a layer, and a row of the embedding")
    func perByte() throws {
        let network = NetworkModel(latency: 0, secondsPerByte: 1e-9)
        let step = try Self.forecast.step(.decode(), ranks: 2, alone: 1, network: NetworkCurve(network))
        #expect(abs(step.exchange - 1e-9 * Double(56 * 8192 + 4096)) < 1e-15)
        #expect(step.sentBytes == Double(56 * 8192) + 2048)
    }

    @Test(
        "the rounds of a step have room for what the busiest rank sends, and are never twice as much",
        arguments: 2...8
    )
    func rounds(ranks: Int) throws {
        let plan = try ShardPlan(Self.config, ranks: ranks)
        let perByte = NetworkModel(latency: 0, secondsPerByte: 1)
        for network in [nil, NetworkModel(latency: 1e-4, secondsPerByte: 8e-9)] {
            let traffic = StepTraffic(Self.config, plan, elementBytes: 2, network: network)
            for rows in [1, 3, 40, 256] {
                let (moved, sent) = (
                    traffic.seconds(rows: rows, NetworkCurve(perByte)), traffic.mostBytesSent(rows: rows)
                )
                #expect(moved >= sent * (1 - 1e-6) && moved <= 2 * sent, "\(rows) rows: \(moved) and \(sent)")
            }
        }
    }

    @Test(
        "the busiest rank sends no more a token than was promised",
        arguments: [(2, 452.0), (3, 900.0), (4, 680.0), (6, 1200.0), (8, 800.0)]
    )
    func sent(ranks: Int, kibibytes: Double) throws {
        let plan = try ShardPlan(Self.config, ranks: ranks)
        #expect(StepTraffic(Self.config, plan, elementBytes: 2).mostBytesSent(rows: 1) <= kibibytes * 1024)
    }

    @Test("ranks of one host send nothing over a network")
    func together() throws {
        let slow = NetworkModel(latency: 1, secondsPerByte: 1)
        let step = try Self.forecast.step(
            .decode(),
            ranks: 4,
            alone: 1,
            domains: .together(4),
            network: NetworkCurve(slow)
        )
        #expect(step.exchange == 0 && step.seconds == step.compute)
    }

    @Test("a slower network makes no step faster, and no step is faster than its computing")
    func storm() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<25 {
            let ranks = Int.random(in: 2...8, using: &random)
            let work: Workload =
                Bool.random(using: &random)
                ? .decode(sequences: Int.random(in: 1...8, using: &random))
                : .prefill(Int.random(in: 1...512, using: &random))
            let network = NetworkModel(
                latency: Double.random(in: 1e-6...1e-3, using: &random),
                secondsPerByte: Double.random(in: 1e-11...1e-7, using: &random)
            )
            let slower = NetworkModel(latency: 2 * network.latency, secondsPerByte: 2 * network.secondsPerByte)
            let (one, other) = (
                try Self.forecast.step(work, ranks: ranks, alone: 0.1, network: NetworkCurve(network)),
                try Self.forecast.step(work, ranks: ranks, alone: 0.1, network: NetworkCurve(slower), ways: network)
            )
            #expect(one.compute == other.compute && one.seconds >= one.compute)
            #expect(abs(other.exchange / one.exchange - 2) < 1e-9 && other.seconds > one.seconds)
        }
    }

    @Test("one block waits for its sums; of two that take turns the longer part counts")
    func overlap() {
        #expect(StepTime.seconds(compute: 3, exchange: 2, blocks: 1, sums: 10) == 5)
        #expect(StepTime.seconds(compute: 3, exchange: 2, blocks: 2, sums: 10) == 3.1)
        #expect(StepTime.seconds(compute: 2, exchange: 3, blocks: 2, sums: 10) == 3.1)
        #expect(StepTime.seconds(compute: 2, exchange: 0, blocks: 1, sums: 0) == 2)
    }

    @Test("turns of blocks take as long as playing them through says")
    func playedThrough() {
        for (compute, exchange) in [(3.0, 2.0), (2.0, 3.0), (1.0, 1.0), (5.0, 0.1)] {
            let sums = 6
            let (piece, sum) = (compute / Double(2 * sums), exchange / Double(2 * sums))
            var (now, link, ready) = (0.0, 0.0, [0.0, 0.0])
            for _ in 0..<sums {
                for block in 0..<2 {
                    now = max(now, ready[block]) + piece
                    link = max(link, now) + sum
                    ready[block] = link
                }
            }
            let played = max(ready[0], ready[1])
            #expect(abs(StepTime.seconds(compute: compute, exchange: exchange, blocks: 2, sums: sums) - played) < 1e-9)
        }
    }

    @Test("at the ceiling a token takes its bytes, a long prompt its operations")
    func roofline() throws {
        let decode = try Self.forecast.roofline(.decode(), ranks: 1, bytesPerSecond: 1e9, operationsPerSecond: 1e12)
        let plan = try ShardPlan(Self.config, ranks: 1)
        let work = StepWork(Self.config, shard: plan.shards[0])
        #expect(decode == work.readBytes(.decode(), weightBytes: 2) / 1e9)
        let prompt = try Self.forecast.roofline(
            .prefill(4096),
            ranks: 1,
            bytesPerSecond: 1e9,
            operationsPerSecond: 1e12
        )
        #expect(prompt == work.operations(.prefill(4096)) / 1e12)
    }

    @Test("words of workloads are read as they were written")
    func words() {
        for work in [Workload.decode(sequences: 3, context: 7), .prefill(256), .prefill(5, context: 1)] {
            #expect(Workload(word: work.word) == work)
        }
        for word in ["", "decode", "decode:1:2:0", "prefill:2:5:0", "decode:0:1:0", "prefill:1:1:-1", "x:1:1:1"] {
            #expect(Workload(word: word) == nil)
        }
    }
}
