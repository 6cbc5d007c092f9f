import Foundation
import Requests
import TestSupport
import Testing

/// Receipts by the program, and what the program says of them.
enum ReceiptRuns {
    static let samples = Fixtures.root.appendingPathComponent("Sources/Tools/DemoModel/Resources/samples")
    static let sum = samples.appendingPathComponent("sum.png").path

    /// The receipt of an answer.
    static func receipt(_ arguments: [String], in directory: URL) throws -> Receipt {
        let outcome = try FlotillaProgram.run(
            ["generate", "--json", "--receipt", "--seed", "5", "--mpirun-args=--oversubscribe"] + arguments,
            in: directory
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try Receipt(json: Data(outcome.output.utf8), place: "the answer")
    }

    static func file(_ text: String, in directory: URL) throws -> String {
        let file = directory.appendingPathComponent("receipt-\(UUID().uuidString)")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// - Parameter kernels: the instruction set.
    static func verify(
        _ receipt: Receipt,
        _ arguments: [String],
        in directory: URL,
        kernels: String? = nil
    ) throws -> FlotillaProgram.Outcome {
        try verify(file: file(receipt.json, in: directory), arguments, in: directory, kernels: kernels)
    }

    static func verify(
        file: String,
        _ arguments: [String],
        in directory: URL,
        kernels: String? = nil
    ) throws -> FlotillaProgram.Outcome {
        try FlotillaProgram.run(
            ["verify", "--receipt", file, "--mpirun-args=--oversubscribe"] + arguments,
            in: directory,
            environment: kernels.map { ["FLOTILLA_ISA": $0] } ?? [:]
        )
    }

    /// The object that `verify --json` has printed.
    static func object(_ outcome: FlotillaProgram.Outcome) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    /// The same with a change, and digests that know of it.
    static func sealed(_ receipt: Receipt, _ change: (inout Receipt) -> Void) -> Receipt {
        var changed = receipt
        change(&changed)
        let origin = Receipt.Origin(model: changed.model, computation: changed.computation)
        return Receipt(
            origin,
            prompt: changed.prompt.ids,
            pictures: changed.pictures,
            request: changed.request,
            answer: changed.answer
        )
    }
}
