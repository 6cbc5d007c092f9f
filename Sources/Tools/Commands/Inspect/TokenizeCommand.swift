import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Tokenization

/// `flotilla tokenize`: a JSON object with a text on each line of standard input, its tokens on standard output.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Turn lines of {\"text\":…} on standard input into {\"ids\":[…],\"decoded\":…}."
    )

    @OptionGroup var modelOption: ModelOption

    @Flag(help: "Let control tokens in the text, such as <|im_end|>, be control tokens.")
    var special = false

    func run() throws {
        let tokenizer = try Tokenizer(directory: try modelOption.directory())
        var output = OutputBuffer()
        var number = 0
        do {
            var lines = LineReader(descriptor: FileHandle.standardInput.fileDescriptor)
            while let line = try lines.next() {
                number += 1
                if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
                let ids = tokenizer.encode(try Self.text(of: line), allowingControlTokens: special)
                output.write(ids, decoded: tokenizer.decode(ids))
                // Whoever waits for the answer to one line before sending the next gets it.
                if !lines.hasLine { output.flush() }
            }
        } catch let failure as JSONFailure {
            output.flush()
            throw UsageError(
                "standard input, line \(number): \(failure)",
                hint: #"each line is an object {"text":"…"}"#
            )
        }
        output.flush()
    }

    private static func text(of line: [UInt8]) throws(JSONFailure) -> String {
        try JSONReader.read(line) { (reader) throws(JSONFailure) in
            var text: String?
            try reader.object { (reader, key) throws(JSONFailure) in
                if key == "text" { text = try reader.string() } else { try reader.skip() }
            }
            guard let text else { throw reader.failure("an object with \"text\"", "none") }
            return text
        }
    }
}

/// Lines for standard output, written in large pieces.
private struct OutputBuffer {
    private var bytes: [UInt8] = []

    mutating func write(_ ids: [Int32], decoded: String) {
        bytes.append(contentsOf: "{\"ids\":".utf8)
        JSONText.append(ids, to: &bytes)
        bytes.append(contentsOf: ",\"decoded\":".utf8)
        JSONText.append(quoting: decoded, to: &bytes)
        bytes.append(contentsOf: "}\n".utf8)
    }

    mutating func flush() {
        if StandardOutput.isTerminal {
            StandardOutput.say(String(decoding: bytes, as: UTF8.self))
        } else {
            StandardOutput.write(bytes)
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
