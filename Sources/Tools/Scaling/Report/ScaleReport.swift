package import Checkpoints
internal import Communication
internal import Foundation

/// What `flotilla scale` writes of a record: Markdown, JSON, a picture.
package struct ScaleReport: Sendable {
    package let record: ScaleRecord
    package let figures: ScaleFigures
    /// Of the prompts that grow with the ranks.
    private let tokensPerRank: Int
    /// Of the picture that tiles are counted for.
    package static let tilesOfPicture = 11

    package init(_ record: ScaleRecord, _ config: ModelConfig.Decoder, tokensPerRank: Int) {
        self.record = record
        self.tokensPerRank = tokensPerRank
        figures = ScaleFigures(record, config, tokensPerRank: tokensPerRank)
    }

    /// The whole in Markdown.
    ///
    /// - Parameter picture: the path of the SVG, as seen from the text.
    package func markdown(picture: String?) -> String {
        var parts = [heading, strong, weak, vision, pictures, network, memory]
        if let picture { parts.insert("![speed-up over ranks](\(picture))\n", at: 1) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var heading: String {
        let setting = record.setting
        let threads =
            setting.threads.map { "\($0) \($0 == 1 ? "thread" : "threads") a rank" } ?? "threads as the hosts have"
        var text = "### \(setting.model), \(setting.format), \(setting.hosts.count) "
        text += setting.hosts.count == 1 ? "host" : "hosts"
        text += record.note.isEmpty ? "\n\n" : ", \(record.note)\n\n"
        text += "`\(record.command)`: \(threads), \(setting.processor), \(setting.kernels) kernels, "
        text += "flotilla \(setting.version).\n"
        guard setting.inTurns else { return text }
        return text
            + """

            The hosts share processors. So each rank computed its share by itself, one rank after the other, and the \
            exchanges of a step were repeated by themselves, all ranks at once over the network. A step is the slowest \
            rank's computing and these exchanges (where rows take turns, the longer of both); *at once* is what all ranks \
            took together on the processors that are here.

            """
    }

    private var strong: String {
        let groups = figures.strong
        guard !groups.isEmpty else { return "" }
        let rows = groups.flatMap(\.rows).map(cells)
        return "**The same work on more ranks**\n\n" + Markdown.table(titles, rows)
    }

    private var weak: String {
        let rows =
            figures.weak(.decode, tokensPerRank: tokensPerRank)
            + figures.weak(.prefill, tokensPerRank: tokensPerRank)
        guard !rows.isEmpty else { return "" }
        let cells = rows.map { row -> [String] in
            let base = rows.first { $0.work.kind == row.work.kind && $0.ranks == 1 } ?? row
            let scaled = Speedup(
                ranks: row.ranks,
                alone: base.seconds,
                together: row.seconds,
                work: Double(row.work.rows) / Double(base.work.rows)
            )
            return [
                row.work.title, "\(row.ranks)", Markdown.number(row.tokensPerSecond), Markdown.number(scaled.factor),
                Markdown.number(scaled.efficiency), Markdown.milliseconds(row.compute),
                Markdown.milliseconds(row.communicate), Markdown.percent(row.rateError, signed: true),
            ]
        }
        let note =
            "Work grows with the ranks. Sequences that decode side by side read the weights once for all, so that "
        return "**More work on more ranks**\n\n" + note + "efficiency can be above 1 there.\n\n"
            + Markdown.table(
                [
                    "work", "ranks", "tokens/s", "scaled speed-up", "efficiency", "compute ms", "communicate ms",
                    "forecast",
                ],
                cells
            )
    }

    private var titles: [String] {
        [
            "work", "ranks", "tokens/s", "forecast", "speed-up", "efficiency", "Karp–Flatt", "compute ms",
            "communicate ms",
            "wait ms", "KiB sent a rank: counted", "planned", "roofline tokens/s",
        ] + (record.setting.inTurns ? ["at once tokens/s"] : [])
    }

    private func cells(_ row: ScaleFigures.Row) -> [String] {
        let rows = Double(row.work.rows)
        let forecast = row.predictedSeconds.map {
            "\(Markdown.number(rows / $0)) (\(Markdown.percent(row.rateError, signed: true)))"
        }
        return [
            row.work.title, "\(row.ranks)", Markdown.number(row.tokensPerSecond), forecast ?? "–",
            Markdown.number(row.speedup), Markdown.number(row.efficiency),
            Markdown.share(row.serialShare), Markdown.milliseconds(row.compute),
            Markdown.milliseconds(row.communicate), Markdown.milliseconds(row.wait), Markdown.kibibytes(row.sentBytes),
            row.isAsPlanned ? "the same" : Markdown.kibibytes(row.plannedBytes),
            Markdown.number(row.rooflineSeconds.map { rows / $0 }),
        ] + (record.setting.inTurns ? [Markdown.number(rows / row.wallSeconds)] : [])
    }

    private var vision: String {
        guard let first = record.visions.first else { return "" }
        let tiles = Self.tilesOfPicture
        let base = first.seconds(tiles: tiles) * Double(first.ranks)
        let rows = record.visions.map { trial -> [String] in
            let speedup = Speedup(ranks: trial.ranks, alone: base, together: trial.seconds(tiles: tiles))
            return [
                "\(trial.ranks)", Markdown.number(trial.tileSeconds.max()),
                Markdown.number(trial.seconds(tiles: tiles)),
                Markdown.number(speedup.factor), Markdown.number(speedup.efficiency),
                Markdown.kibibytes(trial.tileBytes), Markdown.number(trial.loadSeconds.max()),
                Markdown.gibibytes(trial.residentBytes.max() ?? 0), Markdown.gibibytes(trial.plannedBytes.max() ?? 0),
            ]
        }
        return "**Tiles**\n\n"
            + Markdown.table(
                [
                    "vision ranks", "s a tile", "s for \(tiles) tiles", "speed-up", "efficiency",
                    "KiB a tile to each decoder rank", "load s", "GiB", "planned",
                ],
                rows
            )
    }

    private var pictures: String {
        let rows = record.pictures.map { trial in
            [
                "\(trial.decoderRanks)", "\(trial.visionRanks)", "\(trial.tiles)", "\(trial.promptTokens)",
                Markdown.number(trial.visionSeconds), Markdown.number(trial.prefillSeconds),
                Markdown.number(trial.firstTokenSeconds),
            ]
        }
        guard !rows.isEmpty else { return "" }
        let note = record.setting.inTurns ? ", all ranks at once on the processors that are here" : ""
        return "**First token of a question about a picture**\(note)\n\n"
            + Markdown.table(
                ["decoder ranks", "vision ranks", "tiles", "prompt tokens", "vision s", "prefill s", "first token s"],
                rows
            )
    }

    private var network: String {
        let rows = record.decoders.compactMap { trial -> [String]? in
            guard let fit = figures.fits[trial.ranks] else { return nil }
            let samples = trial.network.map { "\($0.bytes): \(Markdown.number($0.seconds * 1e6))" }
            let lines = [fit.lines.short, fit.lines.long].flatMap {
                [Markdown.number($0.latency * 1e6), Markdown.number($0.gigabitsPerSecond)]
            }
            return ["\(trial.ranks)"] + lines + [Markdown.percent(fit.worstError), samples.joined(separator: ", ")]
        }
        guard !rows.isEmpty else { return "" }
        let title =
            "**The network**: exchanges of all ranks with all, and the lines t = α + β n through short and long ones"
        let note = "The forecast goes from one size to the next, not along these lines."
        return title + "\n\n" + note + "\n\n"
            + Markdown.table(
                ["ranks", "α µs", "1/β Gbit/s", "α, long", "1/β, long", "worst sample", "bytes a rank: µs"],
                rows
            )
    }

    private var memory: String {
        let rows = record.decoders.map { trial in
            [
                "\(trial.ranks)", Markdown.number(trial.loadSeconds.max()),
                Markdown.gibibytes(trial.residentBytes.max() ?? 0), Markdown.gibibytes(trial.plannedBytes.max() ?? 0),
                Markdown.number((trial.bytesPerSecond.min() ?? 0) / 1e9),
                Markdown.number((trial.operationsPerSecond.min() ?? 0) / 1e9),
            ]
        }
        guard !rows.isEmpty else { return "" }
        return "**Loading, memory, ceilings of the slowest rank**\n\n"
            + Markdown.table(
                ["ranks", "load s", "largest rank GiB", "planned", "reads GB/s", "Gop/s"],
                rows
            )
    }
}
