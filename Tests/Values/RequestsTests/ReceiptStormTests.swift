import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Requests

/// One member at a time is changed, whatever its place.
@Suite("Receipts in which one member was changed")
struct ReceiptStormTests {
    private typealias Path = [any CodingKey]

    private struct Step: CodingKey {
        var stringValue: String
        var intValue: Int?
        init(stringValue: String) { self.stringValue = stringValue }
        init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
    }

    /// The paths of all values in a tree that have no members.
    private static func leaves(_ tree: Any, _ path: Path = []) -> [Path] {
        switch tree {
        case let object as [String: Any]:
            object.keys.sorted().flatMap { leaves(object[$0] ?? 0, path + [Step(stringValue: $0)]) }
        case let list as [Any]: list.indices.flatMap { leaves(list[$0], path + [Step(intValue: $0)]) }
        default: [path]
        }
    }

    /// The same tree with another value at a place, or without it.
    private static func changing(_ tree: Any, _ path: Path, _ change: (Any) -> Any?) -> Any? {
        guard let step = path.first else { return change(tree) }
        let rest = Array(path.dropFirst())
        if var object = tree as? [String: Any] {
            object[step.stringValue] = changing(object[step.stringValue] ?? 0, rest, change)
            return object
        }
        guard var list = tree as? [Any], let index = step.intValue else { return tree }
        if let value = changing(list[index], rest, change) { list[index] = value } else { list.remove(at: index) }
        return list
    }

    private static func other(_ value: Any, _ random: inout SeededRandom) -> Any {
        switch value {
        case let text as String: random.one(of: [text + "0", String(text.dropFirst()), "f32", "length", "msac"])
        case let number as NSNumber where isBoolean(number): !number.boolValue
        case let number as NSNumber:
            random.one(of: [number.doubleValue + 1, -number.doubleValue - 1, 1e300, 0.5, 4e9])
        default: 0
        }
    }

    private static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    /// The cause that a changed member must be refused with, by its path.
    private static func causes(_ path: Path) -> Set<ReceiptDoubt.Cause> {
        let names = path.map(\.stringValue)
        switch (names[0], names.count > 1 ? names[1] : "") {
        case ("model", "weights"): return [.weights]
        case ("model", "config"): return [.config]
        case ("model", "tokenizer"): return [.tokenizer]
        case ("computation", "edition"): return [.edition]
        case ("computation", "format"): return [.format]
        case ("computation", "kv"): return [.kv]
        case ("answer", "tokens"): return [.token, .finish]
        case ("answer", "finish"): return [.finish, .changed]
        case ("pictures", _): return names.last == "sha256" ? [.picture] : [.changed]
        default: return [.changed]
        }
    }

    @Test("is refused, with the cause, or is no receipt at all", arguments: 0..<30)
    func storm(seed: Int) throws {
        let truth = ReceiptSupport.receipt(seed: UInt64(1000 + seed))
        let tree = try JSONSerialization.jsonObject(with: Data(truth.json.utf8))
        var random = SeededRandom(seed: UInt64(seed))
        var (refused, doubted) = (0, 0)
        for path in Self.leaves(tree) {
            for isGone in [false, true] {
                let changed = Self.changing(tree, path) { isGone ? nil : Self.other($0, &random) }
                let name = path.map(\.stringValue).joined(separator: ".")
                let receipt: Receipt
                do {
                    receipt = try ReceiptSupport.read(try #require(changed))
                } catch let error as UsageError {
                    #expect(!error.description.contains("\n") && error.exitCode == .usage)
                    refused += 1
                    continue
                }
                if receipt == truth || name == "model.name" { continue }
                let doubt = ReceiptSupport.doubt(about: receipt, truth: truth)
                #expect(
                    doubt.map { Self.causes(path).contains($0.cause) } == true,
                    "\(name): \(String(describing: doubt))"
                )
                doubted += 1
            }
        }
        #expect(refused > 20 && doubted > 30, "\(refused) refused, \(doubted) doubted")
    }

    @Test("another cluster is told apart by what differs first")
    func origins() {
        let receipt = ReceiptSupport.receipt(seed: 2)
        func cause(_ change: (inout Receipt.Origin) -> Void) -> ReceiptDoubt.Cause? {
            var origin = ReceiptSupport.origin
            change(&origin)
            return receipt.doubt(against: origin, pictures: Set(receipt.pictures.map(\.sha256)))?.cause
        }
        #expect(cause { _ in } == nil)
        #expect(cause { $0.model.name = "elsewhere" } == nil, "what a directory is called changes no token")
        #expect(cause { $0.model.weights = "x" } == .weights)
        #expect(cause { $0.model.config = "x" } == .config)
        #expect(cause { $0.model.tokenizer = "x" } == .tokenizer)
        #expect(cause { $0.computation.edition += 1 } == .edition)
        #expect(cause { $0.computation.format = "q4" } == .format)
        #expect(cause { $0.computation.kv = "q8" } == .kv)
        #expect(cause { $0.computation.wire = "bf16" } == .wire)
    }
}
