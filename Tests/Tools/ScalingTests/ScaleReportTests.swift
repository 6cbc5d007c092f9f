import Checkpoints
import Communication
import Foundation
import Scaling
import Sharding
import TestSupport
import Testing

/// Records of measurements, what follows from them, and what is written.
@Suite("Scale reports")
struct ScaleReportTests {
    static let config = PublishedShape.twoBillion.decoder
    static let network = NetworkModel(latency: 50e-6, secondsPerByte: 8e-9)

    static func setting(inTurns: Bool = true) -> ScaleRecord.Setting {
        .init(
            model: "SAIL-VL2-2B",
            fingerprint: "1f",
            format: "native",
            threads: 1,
            hosts: ["a", "b", "c & <d>"],
            inTurns: inTurns,
            rounds: 3,
            version: "0",
            processor: "p",
            kernels: "ref"
        )
    }

    /// Ranks that do exactly what is foretold of them.
    static func trial(_ ranks: Int, _ works: [Workload], alone: [Workload: Double]) throws -> DecoderTrial {
        let forecast = Forecast(config, weightBytes: 2, elementBytes: 2)
        let plan = try ShardPlan(config, ranks: ranks)
        let traffic = StepTraffic(config, plan, elementBytes: 2, network: network)
        var trial = DecoderTrial(ranks: ranks)
        trial.domains = (0..<ranks).map { [$0] }
        trial.bytesPerSecond = Array(repeating: 20e9, count: ranks)
        trial.operationsPerSecond = Array(repeating: 200e9, count: ranks)
        trial.loadSeconds = [1]
        (trial.residentBytes, trial.plannedBytes) = ([1 << 30], [1 << 30])
        if ranks > 1 {
            trial.network = [8, 4096, 65_536].map {
                NetworkSample(bytes: $0, seconds: network.seconds(rounds: 1, bytes: $0))
            }
        }
        trial.steps = try works.map { work in
            let step = try forecast.step(work, ranks: ranks, alone: alone[work] ?? 1, network: NetworkCurve(network))
            return .init(
                work: work,
                // Several ranks at once share processors.
                wall: step.seconds * (ranks == 1 ? 1 : 1.5),
                compute: (0..<ranks).map { step.compute * ($0 == 0 ? 1 : 0.9) },
                exchange: step.exchange,
                sentBytes: Array(repeating: 7, count: ranks),
                plannedBytes: Array(repeating: 7, count: ranks),
                blocks: traffic.blocks(rows: work.rows),
                sums: traffic.allReduces,
                network: trial.network
            )
        }
        return trial
    }

    static func record() throws -> ScaleRecord {
        let alone: [Workload: Double] = [.decode(): 0.2, .prefill(256): 5, .prefill(64): 1.3, .prefill(128): 2.6]
        var record = ScaleRecord(setting: setting(), note: "1 Gbit/s & 50 µs", command: "flotilla scale")
        record.add(try trial(1, [.decode(), .decode(sequences: 3), .prefill(64), .prefill(256)], alone: alone))
        record.add(try trial(3, [.decode(), .decode(sequences: 3), .prefill(192), .prefill(256)], alone: alone))
        record.add(try trial(2, [.decode(), .prefill(256)], alone: alone))
        var vision = VisionTrial(ranks: 2)
        vision.tileSeconds = [2, 3]
        record.add(vision)
        record.add(
            PictureTrial(
                decoderRanks: 1,
                visionRanks: 1,
                tiles: 5,
                promptTokens: 9,
                visionSeconds: 1,
                prefillSeconds: 2,
                firstTokenSeconds: 3
            )
        )
        return record
    }

    @Test("a record is read as it was written, whatever follows from it beside it")
    func roundTrip() throws {
        let record = try Self.record()
        let data = try ScaleReport(record, Self.config, tokensPerRank: 64).json()
        #expect(try ScaleRecord(json: data) == record)
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        #expect((object?["figures"] as? [[String: Any]])?.count == record.decoders.reduce(0) { $0 + $1.steps.count })
    }

    @Test("what was measured is not missing; new steps of known ranks are added to theirs")
    func resumed() throws {
        var record = try Self.record()
        #expect(record.decoders.map(\.ranks) == [1, 2, 3])
        let wanted = [Workload.decode(), .decode(sequences: 2), .prefill(256)]
        #expect(record.missing(wanted, ranks: 2) == [.decode(sequences: 2)])
        #expect(record.missing(wanted, ranks: 4) == wanted)
        record.add(try Self.trial(2, [.decode(sequences: 2)], alone: [:]))
        #expect(record.missing(wanted, ranks: 2) == [])
        #expect(record.decoders.map(\.ranks) == [1, 2, 3])
    }

    @Test("ranks that do as foretold are foretold without an error, and wait a tenth of what they compute")
    func figures() throws {
        let figures = ScaleFigures(try Self.record(), Self.config, tokensPerRank: 64)
        for row in figures.rows where row.ranks > 1 {
            guard let error = row.predictionError else { continue }
            #expect(abs(error) < 1e-6, "\(row)")
            let ranks = Double(row.ranks)
            #expect(abs(row.wait - 0.1 * row.compute * (ranks - 1) / ranks) < 1e-9)
            #expect(row.isAsPlanned && row.serialShare != nil)
        }
        #expect(figures.strong.map(\.work) == [.decode(), .prefill(256)])
        #expect(figures.weak(.prefill, tokensPerRank: 64).map(\.ranks) == [1, 3])
        #expect(figures.weak(.decode, tokensPerRank: 64).map(\.ranks) == [1, 3])
    }

    @Test("two numbers of ranks are enough for a table, and one is none")
    func few() throws {
        var record = ScaleRecord(setting: Self.setting())
        record.add(try Self.trial(1, [.decode(), .decode(sequences: 2), .prefill(256)], alone: [:]))
        #expect(ScaleFigures(record, Self.config, tokensPerRank: 64).strong.isEmpty)
        record.add(try Self.trial(2, [.decode(), .prefill(256)], alone: [:]))
        let figures = ScaleFigures(record, Self.config, tokensPerRank: 64)
        #expect(figures.strong.map(\.work) == [.decode(), .prefill(256)])
    }

    @Test("hosts with processors of their own are measured by what all took at once")
    func wall() throws {
        let step = try Self.trial(2, [.decode()], alone: [:]).steps[0]
        #expect(ScaleFigures.seconds(step, 2, inTurns: false) == step.wall)
        #expect(ScaleFigures.seconds(step, 2, inTurns: true) == step.slowest + step.exchange)
        #expect(ScaleFigures.seconds(step, 1, inTurns: true) == step.wall)
    }

    @Test("eleven tiles on two ranks are six of the one and five of the other")
    func tiles() throws {
        let vision = try #require(try Self.record().visions.first)
        #expect(vision.seconds(tiles: 11) == 15 && vision.seconds(tiles: 1) == 2)
    }

    @Test("Markdown has every table, with as many cells in each row as its title has")
    func markdown() throws {
        let text = ScaleReport(try Self.record(), Self.config, tokensPerRank: 64).markdown(picture: "scale.svg")
        for part in ["The same work", "More work", "Tiles", "picture", "The network", "Loading", "](scale.svg)"] {
            #expect(text.contains(part), "\(part)")
        }
        var width = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                width = 0
                continue
            }
            let cells = line.count { $0 == "|" }
            if width > 0 { #expect(cells == width, "\(line)") }
            width = cells
        }
    }

    @Test("pictures are XML, also where names have what XML has a meaning for")
    func pictures() throws {
        let record = try Self.record()
        let cluster = try Cluster(Data(Cluster.example.utf8), name: "c")
        let forecast = try ClusterForecast(Self.config, cluster)
        let report = ScaleReport(record, Self.config, tokensPerRank: 64)
        for svg in [report.svg, ForecastReport(forecast, model: "a < b & c", command: "").svg] {
            #expect(XMLCheck.isWellFormed(svg))
            #expect(svg.contains("<polyline") && !svg.contains("nan") && !svg.contains("inf"))
        }
    }
}

/// Whether tags close in the order in which they opened, and nothing else has an angle or an ampersand.
private enum XMLCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        for tag in text.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
            if tag.1 == "/" {
                guard open.popLast() == tag.2 else { return false }
            } else if tag.3 != "/" {
                open.append(tag.2)
            }
        }
        let rest = text.replacing(/<[^<>]*>/, with: "").replacing(/&(amp|lt|gt|quot);/, with: "")
        return open.isEmpty && !rest.contains("<") && !rest.contains(">") && !rest.contains("&")
    }
}
