package import Tokenization

/// Text to tokens and back.
package enum TokenizerBenchmark {
    /// Sentences of several scripts, code and numbers: what the tokenizer is given when no text is named.
    package static let sampleText = String(
        repeating: """
            The quick brown fox jumps over the lazy dog; it's 3.14159 and don't we know it? Flotilla shards Qwen3 over ranks.
            Größere Schiffe fahren langsamer. 船は港に戻る。Корабли идут в порт. السفن في الميناء  日本語のテキスト 🚢🚢
            func add(_ a: Int, _ b: Int) -> Int { return a + b }  // 1234567890, 0xFF, snake_case, camelCase\n\n
            """,
        count: 256
    )

    /// Megabytes and tokens a second of encoding, megabytes a second of decoding.
    package static func rows(
        _ tokenizer: Tokenizer,
        subject: String,
        text: String,
        rounds: Rounds
    ) throws
        -> [BenchmarkRow]
    {
        let group = BenchmarkGroup()
        let megabytes = Double(text.utf8.count) / 1e6
        var ids = tokenizer.encode(text)
        let count = Double(ids.count)
        let encoding = try rounds.measure(in: group) { ids = tokenizer.encode(text) }
        var decoded = 0
        let decoding = try rounds.measure(in: group) { decoded += tokenizer.decode(ids).utf8.count }
        return [
            BenchmarkRow("encode", subject, figure: encoding.mapped { megabytes / $0 }, unit: "MB/s"),
            BenchmarkRow("encode", subject, figure: encoding.mapped { count / 1e6 / $0 }, unit: "Mtokens/s"),
            BenchmarkRow("decode text", subject, figure: decoding.mapped { megabytes / $0 }, unit: "MB/s"),
        ]
    }
}
