import Benchmarks
import Foundation
import Testing

@Suite("What bench prints")
struct BenchmarkReportTests {
    private static var report: BenchmarkReport {
        var decode = BenchmarkRow("decode", "mini", figure: Spread([20, 21.26, 22]), unit: "tokens/s")
        (decode.format, decode.ranks, decode.threads) = ("q8", 2, 1)
        decode.tokens = .init(sequences: 4, each: 1, context: 2048)
        decode.ceiling = .init("read bandwidth", value: 24.04, share: 0.884)
        let read = BenchmarkRow("read", "memory", figure: Spread([123.4]), unit: "GB/s")
        return BenchmarkReport(version: "1", isa: "avx2", processor: "P", processors: 2, rows: [decode, read])
    }

    @Test("the table says who measured, and lines its columns up")
    func table() {
        let expected = """
            flotilla 1, avx2, 2 × P
            benchmark  subject  format  ranks×threads        tokens  median  lowest–highest  unit      ceiling  share  of
            decode     mini     q8      2×1            4 × 1 @ 2048    21.3       20.0–22.0  tokens/s     24.0   88 %  read bandwidth
            read       memory   –       1×1                       –     123         123–123  GB/s            –      –  –
            """
        #expect(Self.report.text() == expected)
    }

    @Test("JSON has every figure unrounded, and leaves out what there is not")
    func json() throws {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(try Self.report.json().utf8)) as? [String: Any]
        )
        #expect(object["isa"] as? String == "avx2" && object["processors"] as? Int == 2)
        let rows = try #require(object["rows"] as? [NSDictionary])
        let expected: NSDictionary = [
            "benchmark": "decode", "subject": "mini", "format": "q8", "ranks": 2, "threads": 1, "sequences": 4,
            "tokens": 1, "context": 2048, "unit": "tokens/s", "median": 21.26, "lowest": 20, "highest": 22, "rounds": 3,
            "ceiling": 24.04, "ceiling_of": "read bandwidth", "share": 0.884,
        ]
        #expect(rows[0] == expected)
        #expect(
            Set(rows[1].allKeys.compactMap { $0 as? String }) == [
                "benchmark", "subject", "ranks", "threads", "unit", "median", "lowest", "highest", "rounds",
            ]
        )
    }

    @Test("tokens of a step", arguments: [(1, 256, 0, "256"), (8, 1, 0, "8 × 1"), (1, 1, 16384, "1 @ 16384")])
    func tokens(sequences: Int, each: Int, context: Int, text: String) {
        #expect(BenchmarkRow.Tokens(sequences: sequences, each: each, context: context).text == text)
    }

    @Test("sizes of all-reduces", arguments: [(4, "4 B"), (1024, "1 KiB"), (65536, "64 KiB"), (4 << 20, "4 MiB")])
    func sizes(bytes: Int, text: String) {
        #expect(AllReduceBenchmark.name(bytes) == text)
    }
}
