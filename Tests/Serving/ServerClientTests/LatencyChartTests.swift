import Foundation
import FoundationXML
import Testing

@testable import ServerClient

struct LatencyChartTests {
    /// Collects every number of an attribute, and every text.
    final class Reader: NSObject, XMLParserDelegate {
        var numbers: [Double] = []
        var texts = ""

        func parser(
            _ parser: XMLParser,
            didStartElement name: String,
            namespaceURI: String?,
            qualifiedName: String?,
            attributes: [String: String]
        ) {
            for key in ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy"] {
                numbers += attributes[key].flatMap(Double.init).map { [$0] } ?? []
            }
            numbers += (attributes["points"] ?? "").split { $0 == " " || $0 == "," }.compactMap { Double($0) }
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) { texts += text }
    }

    @Test(
        "A picture that every reader takes, all of it inside the frame",
        arguments: [[0.5, 1, 2, 4], [3], [2, 2]] as [[Double]]
    )
    func wellFormed(loads: [Double]) throws {
        let values = loads.indices.map { pow(10, Double($0)) * 3 }
        let chart = LatencyChart(
            title: "a < b & c",
            loadName: "requests/s",
            loads: loads,
            lines: [
                .init(name: "TTFT <p50>", colour: "#c33", values: values),
                .init(name: "zero", colour: "#33c", values: loads.map { _ in 0 }),
            ]
        )
        let reader = Reader()
        let parser = XMLParser(data: Data(chart.svg.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(parser.parserError as Any)")
        #expect(reader.texts.contains("a < b & c") && reader.texts.contains("TTFT <p50>"))
        #expect(reader.numbers.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 720 }, "\(reader.numbers)")
    }
}
