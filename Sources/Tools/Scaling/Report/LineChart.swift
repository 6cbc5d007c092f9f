internal import Foundation

/// Lines over whole numbers, as SVG.
package struct LineChart: Sendable {
    package struct Line: Sendable {
        package var name: String
        package var colour: String
        package var isDashed: Bool
        package var points: [(x: Double, y: Double)]

        package init(_ name: String, colour: String, isDashed: Bool = false, _ points: [(x: Double, y: Double)]) {
            (self.name, self.colour, self.isDashed, self.points) = (name, colour, isDashed, points)
        }
    }

    package var title: String
    package var xName: String
    package var yName: String
    package var lines: [Line]

    package static let (width, height) = (460.0, 330.0)
    private static let (left, right, top, bottom) = (58.0, 18.0, 40.0, 88.0)
    package static let colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]

    package init(title: String, xName: String, yName: String, lines: [Line]) {
        (self.title, self.xName, self.yName, self.lines) = (title, xName, yName, lines)
    }

    /// Charts beside each other, two in a row, under a heading.
    package static func page(_ heading: String, _ charts: [LineChart]) -> String {
        let columns = min(2, max(1, charts.count))
        let rows = (charts.count + columns - 1) / columns
        let (wide, high) = (Int(width) * columns, Int(height) * rows + 34)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(wide)" height="\(high)" viewBox="0 0 \(wide) \(high)" \
            font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <text x="16" y="24" font-size="15" font-weight="bold">\(escaped(heading))</text>

            """
        for (index, chart) in charts.enumerated() {
            let (x, y) = (Int(width) * (index % columns), Int(height) * (index / columns) + 34)
            text += "<g transform=\"translate(\(x) \(y))\">\n\(chart.drawing)</g>\n"
        }
        return text + "</svg>\n"
    }

    // MARK: - One chart

    private var most: (x: Double, y: Double) {
        let points = lines.flatMap(\.points)
        return (points.map(\.x).max() ?? 1, Self.rounded(points.map(\.y).max() ?? 1))
    }

    /// The next of 1, 2, 2.5, 4, 5, 8 times a power of ten.
    static func rounded(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let power = pow(10, log10(value).rounded(.down))
        return ([1, 2, 2.5, 4, 5, 8].first { $0 * power >= value * 0.999 } ?? 10) * power
    }

    private func x(_ value: Double) -> Double {
        let span = max(most.x - 1, 1)
        return Self.left + (value - 1) / span * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double) -> Double {
        Self.height - Self.bottom - value / most.y * (Self.height - Self.top - Self.bottom)
    }

    private var drawing: String {
        axes + lines.enumerated().map { curve($1) + legend($1, place: $0) }.joined()
    }

    private var axes: String {
        let (end, base) = (Self.width - Self.right, Self.height - Self.bottom)
        var text = Self.text(Self.left, 20, title, anchor: "start", size: 13)
        for step in 0...4 {
            let value = most.y * Double(step) / 4
            text += "<line x1=\"\(Self.left)\" y1=\"\(Self.place(y(value)))\" x2=\"\(end)\" "
            text += "y2=\"\(Self.place(y(value)))\" stroke=\"#ddd\"/>\n"
            text += Self.text(Self.left - 6, y(value) + 4, Self.number(value), anchor: "end")
        }
        for value in ticks { text += Self.text(x(value), base + 16, Self.number(value), anchor: "middle") }
        text += Self.text((Self.left + end) / 2, base + 34, xName, anchor: "middle")
        return text + Self.text(Self.left, 34, yName, anchor: "start", size: 11)
    }

    /// Every number up to eight, beyond that those that lines have points at.
    private var ticks: [Double] {
        let all = Set(lines.flatMap { $0.points.map(\.x) }).sorted()
        guard all.count > 8 else { return all }
        return all.filter { $0 == 1 || $0.truncatingRemainder(dividingBy: (most.x / 8).rounded(.up)) == 0 }
    }

    private func curve(_ line: Line) -> String {
        guard !line.points.isEmpty else { return "" }
        let dash = line.isDashed ? " stroke-dasharray=\"5 4\"" : ""
        let path = line.points.map { "\(Self.place(x($0.x))),\(Self.place(y($0.y)))" }.joined(separator: " ")
        var text =
            "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(line.colour)\" stroke-width=\"1.8\"\(dash)/>\n"
        guard !line.isDashed else { return text }
        for point in line.points {
            text += "<circle cx=\"\(Self.place(x(point.x)))\" cy=\"\(Self.place(y(point.y)))\" r=\"3\" "
            text += "fill=\"\(line.colour)\"/>\n"
        }
        return text
    }

    private func legend(_ line: Line, place: Int) -> String {
        let (column, row) = (Double(place % 2), Double(place / 2))
        let (x, y) = (Self.left + column * 190, Self.height - Self.bottom + 52 + row * 16)
        let dash = line.isDashed ? " stroke-dasharray=\"5 4\"" : ""
        return "<line x1=\"\(x)\" y1=\"\(y - 4)\" x2=\"\(x + 22)\" y2=\"\(y - 4)\" stroke=\"\(line.colour)\" "
            + "stroke-width=\"1.8\"\(dash)/>\n" + Self.text(x + 28, y, line.name, anchor: "start", size: 11)
    }

    private static func text(_ x: Double, _ y: Double, _ text: String, anchor: String, size: Int = 12) -> String {
        "<text x=\"\(place(x))\" y=\"\(place(y))\" font-size=\"\(size)\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
    }

    private static func place(_ value: Double) -> String { String(format: "%.1f", value) }

    static func number(_ value: Double) -> String {
        value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.2g", value)
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
