import Constraints
import Foundation
import TestSupport

@testable import Requests

/// Receipts out of thin air.
enum ReceiptSupport {
    static let origin = Receipt.Origin(
        model: Receipt.Model(name: "odd", weights: "aa01", config: "bb02", tokenizer: "cc03"),
        computation: Receipt.Computation(format: "q8", kv: "f16")
    )

    static func receipt(seed: UInt64) -> Receipt {
        var random = SeededRandom(seed: seed)
        var options = RequestOptions()
        options.sampling.maxTokens = Int.random(in: 20...4000, using: &random)
        options.sampling.temperature = Float.random(in: 0...3, using: &random)
        options.sampling.topK = Int.random(in: 0...50, using: &random)
        options.sampling.topP = Float.random(in: 0.01...1, using: &random)
        options.sampling.minP = Float.random(in: 0...1, using: &random)
        options.sampling.repetitionPenalty = Float.random(in: 0.1...2, using: &random)
        options.sampling.presencePenalty = Float.random(in: -2...2, using: &random)
        options.sampling.frequencyPenalty = Float.random(in: -2...2, using: &random)
        options.sampling.logitBias = (0..<Int32.random(in: 0...3, using: &random)).map {
            Sampling.Bias(id: 7 * $0, bias: Float.random(in: -100...100, using: &random))
        }
        // All 64 bits of it.
        options.sampling.seed = random.next()
        options.stop = random.one(of: [[], ["ä\n\"\\"], ["a", "\u{1}/b"]])
        options.think = random.one(of: ThinkMode.allCases)
        options.thinkBudget = random.one(of: [nil, 0, 77])
        options.loopGuard = Bool.random(using: &random)
        options.format = random.one(of: [
            nil, .jsonObject, .regex("[a-z]+"), .choice(["yes", "no \"x\""]),
            .jsonSchema(#"{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"string"}}}"#),
        ])
        let count = Int.random(in: 0...2, using: &random)
        let prompt = (0..<Int32(40)).map { _ in Int32.random(in: 0...999, using: &random) }
        let pictures = (0..<count).map { place in
            Receipt.Picture(
                sha256: "dd\(place)",
                start: 3 + 17 * place,
                count: 9,
                tiles: 1 + place,
                cut: PictureCut(maxTiles: 4, tiling: random.one(of: PictureCut.Tiling.allCases), orient: place == 1)
            )
        }
        let answer = (0..<Int32.random(in: 1...20, using: &random)).map { _ in Int32.random(in: 0...999, using: &random)
        }
        return Receipt(
            origin,
            prompt: prompt,
            pictures: pictures,
            request: Receipt.Request(options.sampling, options),
            answer: Receipt.Answer(tokens: answer, finish: random.one(of: [.stop, .length, .stopString]))
        )
    }

    /// What a cluster says that computes like the one that wrote `truth`.
    static func doubt(about receipt: Receipt, truth: Receipt) -> ReceiptDoubt? {
        let pictures = Set(truth.pictures.map(\.sha256))
        if let doubt = receipt.doubt(against: origin, pictures: pictures) { return doubt }
        let (claimed, whole) = (receipt.answer.tokens, truth.answer.tokens)
        var computed: [Int32] = []
        for (claim, token) in zip(claimed, whole) {
            computed.append(token)
            if claim != token { return receipt.doubt(computed: computed, finish: .cancelled) }
        }
        return receipt.doubt(
            computed: computed,
            finish: computed.count == whole.count ? truth.answer.finish : .cancelled
        )
    }

    static func read(_ object: Any) throws -> Receipt {
        try Receipt(json: try JSONSerialization.data(withJSONObject: object), place: "it")
    }
}
