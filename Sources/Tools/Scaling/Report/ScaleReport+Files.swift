package import Foundation

extension ScaleReport {
    /// The record, and what follows from it under `figures`, which nobody reads again.
    package func json() throws -> Data {
        struct Whole: Encodable {
            let record: ScaleRecord
            let figures: [ScaleFigures.Row]
            enum Key: String, CodingKey { case figures }
            func encode(to encoder: any Encoder) throws {
                try record.encode(to: encoder)
                var fields = encoder.container(keyedBy: Key.self)
                try fields.encode(figures, forKey: .figures)
            }
        }
        return try ReportJSON.encode(Whole(record: record, figures: figures.rows))
    }

    /// Speed-ups, and what a step consists of.
    package var svg: String {
        let charts = figures.strong.filter { $0.work.sequences == 1 }.flatMap { work, rows in
            [Self.speedups(work, rows), Self.parts(work, rows)]
        }
        let setting = record.setting
        return LineChart.page(
            "\(setting.model), \(setting.format)" + (record.note.isEmpty ? "" : ", \(record.note)"),
            charts
        )
    }

    private static func speedups(_ work: Workload, _ rows: [ScaleFigures.Row]) -> LineChart {
        let alone = rows.first { $0.ranks == 1 }?.seconds ?? 1
        let points = { (value: (ScaleFigures.Row) -> Double?) in
            rows.compactMap { row in value(row).map { (x: Double(row.ranks), y: $0) } }
        }
        return LineChart(
            title: work.title,
            xName: "decoder ranks",
            yName: "speed-up",
            lines: [
                .init("measured", colour: LineChart.colours[0], points { $0.speedup }),
                .init(
                    "forecast",
                    colour: LineChart.colours[1],
                    isDashed: true,
                    points { row in row.ranks == 1 ? 1 : row.predictedSeconds.map { alone / $0 } }
                ),
                .init("ideal", colour: "#999", isDashed: true, points { Double($0.ranks) }),
                .init(
                    "roofline, without network",
                    colour: LineChart.colours[2],
                    isDashed: true,
                    points { $0.rooflineSeconds.map { alone / $0 } }
                ),
            ]
        )
    }

    private static func parts(_ work: Workload, _ rows: [ScaleFigures.Row]) -> LineChart {
        let points = { (value: (ScaleFigures.Row) -> Double) in rows.map { (x: Double($0.ranks), y: value($0) * 1000) }
        }
        return LineChart(
            title: work.title,
            xName: "decoder ranks",
            yName: "ms a step",
            lines: [
                .init("step", colour: LineChart.colours[0], points { $0.seconds }),
                .init("compute", colour: LineChart.colours[2], points { $0.compute }),
                .init("communicate", colour: LineChart.colours[1], points { $0.communicate }),
                .init("wait", colour: LineChart.colours[3], points { $0.wait }),
            ]
        )
    }
}

extension ScaleRecord {
    /// Reads what ``ScaleReport/json()`` has written.
    package init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(ScaleRecord.self, from: json)
    }
}
