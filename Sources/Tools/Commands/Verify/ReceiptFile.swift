import Diagnostics
import Foundation
import JSON
import Requests

/// A receipt, and where it was read.
struct PlacedReceipt {
    let place: String
    let receipt: Receipt
}

/// The receipts of a file: one, or one a line.
enum ReceiptFile {
    /// Receipts of a file at most.
    private static let limit = 100_000

    /// - Throws: what keeps one of them from being a receipt; nothing is computed before all are read.
    static func read(_ path: String) throws -> [PlacedReceipt] {
        let (name, data) = try bytes(path)
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let numbered = zip(1..., lines).filter { _, line in line.contains { !blanks.contains($0) } }
        guard numbered.count > 1, isWhole(numbered[0].1) else {
            return [PlacedReceipt(place: name, receipt: try Receipt(json: data, place: name))]
        }
        guard numbered.count <= limit else {
            throw UsageError("\(name) has \(numbered.count) lines, expected \(limit) receipts at most")
        }
        return try numbered.map { number, line in
            let place = "\(name), line \(number)"
            return PlacedReceipt(place: place, receipt: try Receipt(json: line, place: place))
        }
    }

    private static let blanks: [UInt8] = [0x20, 0x09, 0x0D]

    private static func bytes(_ path: String) throws(UsageError) -> (name: String, Data) {
        let isInput = path == "-"
        let name = isInput ? "standard input" : path
        let handle = isInput ? FileHandle.standardInput : regularFile(path)
        guard let data = try? handle?.read(upToCount: Receipt.maxBytes + 1) ?? (handle == nil ? nil : Data()) else {
            throw UsageError("the receipt \(path) cannot be read")
        }
        guard data.count <= Receipt.maxBytes else {
            throw UsageError("\(name) has more than \(Receipt.maxBytes) bytes, which no receipts have")
        }
        return (name, data)
    }

    /// `nil` where there is none; a pipe that nobody writes to would be waited for.
    private static func regularFile(_ path: String) -> FileHandle? {
        let kind =
            try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            )[.type] as? FileAttributeType
        return kind == .typeRegular ? FileHandle(forReadingAtPath: path) : nil
    }

    /// Whether a line is JSON by itself.
    private static func isWhole(_ line: Data) -> Bool {
        do throws(JSONFailure) {
            try JSONReader.read([UInt8](line)) { (reader) throws(JSONFailure) in try reader.skip() }
            return true
        } catch {
            return false
        }
    }
}
