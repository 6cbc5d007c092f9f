internal import Foundation

/// A picture of latency over load, as SVG: lines with marks, a logarithmic axis of milliseconds.
package struct LatencyChart: Sendable {
    package struct Line: Sendable {
        package var name: String
        package var colour: String
        /// Milliseconds, one for each load.
        package var values: [Double]

        package init(name: String, colour: String, values: [Double]) {
            self.name = name
            self.colour = colour
            self.values = values
        }
    }

    private let title: String
    private let loadName: String
    private let loads: [Double]
    private let lines: [Line]

    private static let (width, height) = (720.0, 420.0)
    private static let (left, right, top, bottom) = (80.0, 170.0, 50.0, 60.0)

    package init(title: String, loadName: String, loads: [Double], lines: [Line]) {
        self.title = title
        self.loadName = loadName
        self.loads = loads
        self.lines = lines
    }

    package var svg: String {
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
            font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(Self.left)" y="28" font-size="15">\(Self.escaped(title))</text>

            """
        text += axes()
        for (place, line) in lines.enumerated() { text += drawing(line, place) }
        return text + "</svg>\n"
    }

    // MARK: - Axes

    /// Whole powers of ten around all values.
    private var decades: ClosedRange<Int> {
        let values = lines.flatMap(\.values).filter { $0 > 0 }
        let low = Int(log10(values.min() ?? 1).rounded(.down))
        let high = Int(log10(values.max() ?? 10).rounded(.up))
        return low...max(high, low + 1)
    }

    private func x(_ load: Double) -> Double {
        let (least, most) = (loads.min() ?? 0, loads.max() ?? 1)
        let share = most > least ? (load - least) / (most - least) : 0.5
        return Self.left + share * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double) -> Double {
        let span = Double(decades.upperBound - decades.lowerBound)
        // A value of nothing stands on the axis: a logarithm has no place for it.
        let share = max(0, (log10(max(value, 1e-9)) - Double(decades.lowerBound)) / span)
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private func axes() -> String {
        var text = ""
        let end = Self.width - Self.right
        for decade in decades {
            let value = pow(10, Double(decade))
            let height = y(value)
            text += "<line x1=\"\(Self.left)\" y1=\"\(height)\" x2=\"\(end)\" y2=\"\(height)\" stroke=\"#ddd\"/>\n"
            text +=
                "<text x=\"\(Self.left - 8)\" y=\"\(height + 4)\" text-anchor=\"end\">\(Self.number(value)) ms</text>\n"
        }
        let base = Self.height - Self.bottom
        for load in loads {
            text += "<line x1=\"\(x(load))\" y1=\"\(base)\" x2=\"\(x(load))\" y2=\"\(base + 5)\" stroke=\"#555\"/>\n"
            text += "<text x=\"\(x(load))\" y=\"\(base + 20)\" text-anchor=\"middle\">\(Self.number(load))</text>\n"
        }
        text += "<line x1=\"\(Self.left)\" y1=\"\(base)\" x2=\"\(end)\" y2=\"\(base)\" stroke=\"#555\"/>\n"
        let middle = (Self.left + end) / 2
        return text
            + "<text x=\"\(middle)\" y=\"\(Self.height - 18)\" text-anchor=\"middle\">\(Self.escaped(loadName))</text>\n"
    }

    private func drawing(_ line: Line, _ place: Int) -> String {
        let points = zip(loads, line.values).map { (x($0), y($1)) }
        let path = points.map { "\($0.0),\($0.1)" }.joined(separator: " ")
        var text = "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(line.colour)\" stroke-width=\"2\"/>\n"
        for point in points {
            text += "<circle cx=\"\(point.0)\" cy=\"\(point.1)\" r=\"3\" fill=\"\(line.colour)\"/>\n"
        }
        let (left, middle) = (Self.width - Self.right + 16, Self.top + Double(place) * 20 + 10)
        text += "<line x1=\"\(left)\" y1=\"\(middle)\" x2=\"\(left + 20)\" y2=\"\(middle)\" "
        text += "stroke=\"\(line.colour)\" stroke-width=\"2\"/>\n"
        return text + "<text x=\"\(left + 26)\" y=\"\(middle + 4)\">\(Self.escaped(line.name))</text>\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(format: "%.3g", value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
