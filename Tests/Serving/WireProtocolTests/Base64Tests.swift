import Foundation
import TestSupport
import Testing

@testable import WireProtocol

@Suite("Base64")
struct Base64Tests {
    private func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { Base64.decode($0) }
    }

    @Test("what Foundation writes is read back, in one line or in many")
    func roundTrip() {
        var random = SeededRandom(seed: 1)
        for count in 0..<200 {
            let data = Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            #expect(decode(data.base64EncodedString()) == Array(data))
            for options: Data.Base64EncodingOptions in [
                .lineLength64Characters, [.lineLength76Characters, .endLineWithCarriageReturn],
                [.lineLength76Characters, .endLineWithLineFeed],
            ] { #expect(decode(data.base64EncodedString(options: options) + "\r\n") == Array(data)) }
            // Broken anywhere, as some programs do.
            let odd = data.base64EncodedString().reduce(into: "") {
                $0.append($1)
                if Bool.random(using: &random) {
                    $0.append([" ", "\t", "\r", "\n"][Int.random(in: 0..<4, using: &random)])
                }
            }
            #expect(decode(odd) == Array(data))
        }
    }

    @Test(
        "what is not base64 is refused",
        arguments: [
            "A", "AB", "ABC", "AB=", "A===", "=", "====", "AB==C", "AB==ABCD", "ABC=D", "ABC==", "AB-_", "ABCD*",
            "AB\u{B}C",
            "ABCDé", "ABCDE", "AB=C",
        ]
    )
    func refused(text: String) { #expect(decode(text) == nil) }
}
