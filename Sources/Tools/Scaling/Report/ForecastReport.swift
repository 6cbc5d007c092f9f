internal import Checkpoints
internal import Communication
package import Diagnostics
package import Foundation

/// What `flotilla scale --predict` prints of a forecast.
package struct ForecastReport: Sendable {
    private let forecast: ClusterForecast
    private let model: String
    private let command: String

    package init(_ forecast: ClusterForecast, model: String, command: String) {
        (self.forecast, self.model, self.command) = (forecast, model, command)
    }

    package func markdown(picture: String?) throws(UsageError) -> String {
        let cluster = forecast.cluster
        var text = "### \(model), \(cluster.format.rawValue): machines of \(cluster.cores) cores and "
        text +=
            "\(LineChart.number(cluster.memoryGigabytesPerSecond)) GB/s, foretold\n\n`\(command)`: one decoder rank a "
        text += "machine; decoding at \(Markdown.percent(cluster.decodeShare)) of the memory's bandwidth"
        if let rate = cluster.gigaflopsPerCore {
            text += ", prompts at \(Markdown.percent(cluster.prefillShare)) of "
            text += "\(LineChart.number(rate * Double(cluster.cores))) GFLOP/s"
        }
        text += ".\n\n"
        if let picture { text += "![tokens a second over machines](\(picture))\n\n" }
        text += Markdown.table(titles, try rows())
        return text + "\n" + forecast.networks.map(Self.sentence).joined(separator: "\n") + "\n"
    }

    private let titles = [
        "work", "network", "machines", "tokens/s", "speed-up", "efficiency", "Karp–Flatt", "compute ms",
        "communicate ms", "KiB sent a machine", "GB of weights",
    ]

    private func rows() throws(UsageError) -> [[String]] {
        var rows: [[String]] = []
        for outlook in forecast.networks {
            for machines in forecast.cluster.machines {
                let step = outlook.steps[machines - 1]
                let speedup = outlook.speedup(machines)
                let gigabytes = try forecast.weightGigabytes(machines)
                let isTooMuch = forecast.cluster.memoryGigabytes.map { gigabytes > $0 } ?? false
                rows.append([
                    outlook.work.title, Self.name(outlook.network), "\(machines)",
                    Markdown.number(outlook.rate(machines)),
                    Markdown.number(speedup.factor), Markdown.number(speedup.efficiency),
                    Markdown.share(speedup.serialShare), Markdown.milliseconds(step.compute),
                    Markdown.milliseconds(step.seconds - step.compute), Markdown.kibibytes(Int(step.sentBytes)),
                    Markdown.number(gigabytes) + (isTooMuch ? ", more than it has" : ""),
                ])
            }
        }
        return rows
    }

    static func name(_ network: Cluster.Network) -> String {
        "\(LineChart.number(network.gigabitsPerSecond)) Gbit/s, \(LineChart.number(network.latencyMicroseconds)) µs"
    }

    /// Where more machines stop paying, and what stands in their way.
    static func sentence(_ outlook: ClusterForecast.Outlook) -> String {
        var text = "- \(outlook.work.title), \(name(outlook.network)): "
        let (paying, fastest) = (outlook.paying, outlook.fastest)
        let most = outlook.steps.count
        text +=
            paying == most
            ? "all \(most) machines bring at least half of what one alone does"
            : "up to \(paying) \(paying == 1 ? "machine brings" : "machines bring") at least half of what one alone does each"
        text +=
            fastest == most
            ? "; \(most) are the fastest of those asked for."
            : "; \(fastest) \(fastest == 1 ? "is" : "are") the fastest, and more are slower."
        guard most >= 4 else { return text }
        let step = outlook.steps[3]
        let efficiency = outlook.speedup(4).efficiency
        text += " On 4, efficiency is \(Markdown.number(efficiency))"
        guard efficiency < 0.8 else { return text + "." }
        return text + ": of \(Markdown.milliseconds(step.seconds)) ms, "
            + "\(Markdown.milliseconds(step.seconds - step.compute)) are sums on their way."
    }

    package func json() throws -> Data {
        struct Row: Encodable {
            let work: String
            let gbitPerS, latencyUs: Double
            let machines: Int
            let tokensPerSecond, speedup, efficiency: Double
            let serialShare: Double?
            let compute, communicate, sentBytes: Double
        }
        struct Whole: Encodable {
            let model, command, format: String
            let rows: [Row]
        }
        let rows = forecast.networks.flatMap { outlook in
            forecast.cluster.machines.map { machines in
                let (step, speedup) = (outlook.steps[machines - 1], outlook.speedup(machines))
                return Row(
                    work: outlook.work.title,
                    gbitPerS: outlook.network.gigabitsPerSecond,
                    latencyUs: outlook.network.latencyMicroseconds,
                    machines: machines,
                    tokensPerSecond: outlook.rate(machines),
                    speedup: speedup.factor,
                    efficiency: speedup.efficiency,
                    serialShare: speedup.serialShare,
                    compute: step.compute,
                    communicate: step.seconds - step.compute,
                    sentBytes: step.sentBytes
                )
            }
        }
        let whole = Whole(model: model, command: command, format: forecast.cluster.format.rawValue, rows: rows)
        return try ReportJSON.encode(whole)
    }

    package var svg: String {
        let kinds = forecast.networks.map(\.work).reduce(into: [Workload]()) { if !$0.contains($1) { $0.append($1) } }
        let charts = kinds.map { work in
            let outlooks = forecast.networks.filter { $0.work == work }
            var lines = outlooks.enumerated().map { place, outlook in
                LineChart.Line(
                    Self.name(outlook.network),
                    colour: LineChart.colours[place % LineChart.colours.count],
                    (1...outlook.steps.count).map { (x: Double($0), y: outlook.rate($0)) }
                )
            }
            if let first = outlooks.first {
                let ideal = (1...first.steps.count).map { (x: Double($0), y: Double($0) * first.rate(1)) }
                lines.append(.init("ideal", colour: "#999", isDashed: true, ideal))
            }
            return LineChart(title: work.title, xName: "machines", yName: "tokens a second", lines: lines)
        }
        return LineChart.page("\(model), \(forecast.cluster.format.rawValue), foretold", charts)
    }
}
