import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Requests

@Suite("Receipts")
struct ReceiptTests {
    @Test("what is written is read, alone or as a member, and nothing stands against it", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        let receipt = ReceiptSupport.receipt(seed: UInt64(seed))
        for json in [
            receipt.json, #"{"finish":"stop","receipt":\#(receipt.json)}"#,
            #"{"flotilla":{"receipt":\#(receipt.json)}}"#,
        ] {
            #expect(try Receipt(json: Data(json.utf8), place: "it") == receipt)
        }
        // Another program may have written it anew, in another order and with other blanks.
        let tree = try JSONSerialization.jsonObject(with: Data(receipt.json.utf8))
        let again = try JSONSerialization.data(withJSONObject: tree, options: .prettyPrinted)
        let read = try Receipt(json: again, place: "it")
        #expect(read == receipt && ReceiptSupport.doubt(about: read, truth: receipt) == nil)
        #expect(try read.request.options().sampling == (try receipt.request.options()).sampling)
    }

    @Test("the digests are as the document has them")
    func digests() throws {
        // printf '\1\0\0\0\2\0\0\0' | sha256sum; printf '\3\0\0\0stop' | sha256sum; printf '[]' | sha256sum
        var options = RequestOptions()
        options.sampling.seed = 7
        let receipt = Receipt(
            ReceiptSupport.origin,
            prompt: [1, 2],
            pictures: [],
            request: Receipt.Request(options.sampling, options),
            answer: Receipt.Answer(tokens: [3], finish: .stop)
        )
        #expect(receipt.digests.prompt == "34fb5c825de7ca4aea6e712f19d439c1da0c92c37b423936c5f618545ca4fa1f")
        #expect(receipt.digests.answer == "4d42e60d7372fe244a8da31999181ce6ec5e29b2b53351de7f3a91d7b50151cc")
        #expect(receipt.digests.pictures == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945")
        let request =
            #"{"frequency_penalty":0,"logit_bias":[],"loop_guard":true,"max_tokens":512,"min_p":0,"presence_penalty":0,"#
            + #""repetition_penalty":1,"seed":7,"stop":[],"temperature":0,"think":"auto","top_k":0,"top_p":1}"#
        #expect(JSONLine.encode(receipt.request) == request)
    }

    @Test("everything by which a token is chosen is in it: a new option is, or is known to change none")
    func complete() {
        func names(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }
        let request = names(ReceiptSupport.receipt(seed: 0).request)
        #expect(names(Sampling()).subtracting(request) == [])
        let ofPictures: Set = ["maxTiles", "tiling", "rgbFirst", "orient"]
        let idle: Set = ["sampling", "stream", "logprobs", "deadlineMilliseconds", "speculate", "receipt"]
        #expect(names(RequestOptions()).subtracting(request).subtracting(ofPictures) == idle)
        #expect(names(PictureCut(maxTiles: 1)) == ofPictures)
    }

    @Test("the tower's format counts where there are pictures, and is said where it is not what goes with the weights'")
    func visionFormat() {
        for (format, vision) in [("native", "q8"), ("bf16", "native"), ("q8", "bf16"), ("native", nil), ("bf16", nil)] {
            let own = Receipt.Computation(format: format, kv: "f16", vision: vision)
            #expect(own.visionFormat == vision ?? (format == "bf16" ? "bf16" : "native"))
            for seed in 0..<20 as Range<UInt64> {
                let some = ReceiptSupport.receipt(seed: seed)
                let receipt = Receipt(
                    Receipt.Origin(model: some.model, computation: own),
                    prompt: some.prompt.ids,
                    pictures: some.pictures,
                    request: some.request,
                    answer: some.answer
                )
                #expect(receipt.computation.vision == (some.pictures.isEmpty ? nil : vision))
                #expect(receipt.json.contains(#""vision":"#) == (receipt.computation.vision != nil))
                for other in [nil, "native", "bf16", "q8"] {
                    var origin = Receipt.Origin(model: some.model, computation: own)
                    origin.computation.vision = other
                    let differs = origin.computation.visionFormat != own.visionFormat && !some.pictures.isEmpty
                    let doubt = receipt.doubt(against: origin, pictures: Set(some.pictures.map(\.sha256)))
                    #expect(doubt?.cause == (differs ? .vision : nil), "\(own) against \(origin.computation)")
                }
            }
        }
    }

    static let damages: [(String, String)] = [
        ("", "no JSON object"), ("[]", "type"), ("{}", "missing"), (#"{"receipt":null}"#, "null"),
        (#"{"receipt":7}"#, "type"), ("{\"flotilla_receipt\":1", "no JSON object"), ("\u{0}\u{1}", "no JSON object"),
        (String(repeating: "[", count: 100_000), "no JSON object"),
        (String(repeating: #"{"receipt":"#, count: 50_000), "no JSON object"),
    ]

    @Test("what is no receipt is refused in one sentence", arguments: damages.indices)
    func damaged(index: Int) {
        let (text, words) = Self.damages[index]
        do {
            _ = try Receipt(json: Data(text.utf8), place: "file x")
            Issue.record("read: \(text.prefix(40))")
        } catch {
            #expect(error.exitCode == .usage && error.description.hasPrefix("file x is no receipt: "), "\(error)")
            #expect(error.description.contains(words) && !error.description.contains("\n"), "\(error.description)")
        }
    }

    @Test("every cut and every flipped byte of a receipt is refused, doubted, or changes nothing that counts")
    func flipped() {
        let receipt = ReceiptSupport.receipt(seed: 4)
        let bytes = [UInt8](receipt.json.utf8)
        var random = SeededRandom(seed: 1)
        for _ in 0..<600 {
            var damaged = bytes
            if Bool.random(using: &random) {
                damaged.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            } else {
                damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(
                    1 << Int.random(in: 0..<8, using: &random)
                )
            }
            guard let read = try? Receipt(json: Data(damaged), place: "it"), read != receipt else { continue }
            let doubt = ReceiptSupport.doubt(about: read, truth: receipt)
            #expect(
                doubt != nil || read.model.name != receipt.model.name,
                "\(String(decoding: damaged, as: UTF8.self))"
            )
        }
    }

    @Test("the first token that differs is named, with both ids, and an answer of another length with its end")
    func departures() throws {
        let truth = ReceiptSupport.receipt(seed: 11)
        for index in truth.answer.tokens.indices {
            var changed = truth
            changed.answer.tokens[index] += 1
            for isSealed in [false, true] {
                if isSealed { changed.digests = changed.freshDigests }
                let doubt = try #require(ReceiptSupport.doubt(about: changed, truth: truth))
                #expect(doubt.cause == .token && doubt.exitCode == .notConfirmed)
                let expected = ReceiptDoubt.Token(
                    index: index,
                    position: 40 + index,
                    claimed: truth.answer.tokens[index] + 1,
                    computed: truth.answer.tokens[index]
                )
                #expect(doubt.token == expected)
                #expect(doubt.description.contains("token \(index + 1) of the answer is"))
            }
        }
        var shorter = truth
        shorter.answer.tokens.removeLast()
        if !shorter.answer.tokens.isEmpty {
            #expect(ReceiptSupport.doubt(about: shorter, truth: truth)?.cause == .finish)
        }
        var longer = truth
        longer.answer.tokens.append(5)
        #expect(ReceiptSupport.doubt(about: longer, truth: truth)?.cause == .finish)
        var other = truth
        other.answer.finish = truth.answer.finish == .stop ? .length : .stop
        #expect(ReceiptSupport.doubt(about: other, truth: truth)?.cause == .finish)
    }

    @Test("an answer that was cut off is confirmed as far as it goes")
    func cutOff() {
        let truth = ReceiptSupport.receipt(seed: 11)
        for finish in [FinishReason.cancelled, .deadline] {
            var part = truth
            part.answer = Receipt.Answer(tokens: Array(truth.answer.tokens.prefix(3)), finish: finish)
            part.digests = part.freshDigests
            #expect(ReceiptSupport.doubt(about: part, truth: truth) == nil)
        }
    }
}
