import Checkpoints
import DemoModel
import Diagnostics
import Foundation
import Frontend
import RankProgram
import Requests
import ServingCore
import Tokenization

/// The texts and pictures that formats are compared on.
struct ComparisonSet {
    private(set) var texts: [ComparisonText] = []
    /// What each of `texts` counts as in the table.
    private(set) var kinds: [Kind] = []

    enum Kind: String, CaseIterable { case texts, images }

    /// A sample of the demo model, as `samples.json` lists it.
    private struct Sample: Decodable {
        let file, question, think, answer: String
    }

    private let preparer: RequestPreparer
    private let maxPositions: Int

    init(_ checkpoint: Checkpoint) throws {
        preparer = RequestPreparer(checkpoint.config, tokenizer: try Tokenizer(directory: checkpoint.directory))
        maxPositions = checkpoint.config.decoder.maxPositions
    }

    /// The texts that are built in.
    mutating func addBuiltInTexts() {
        for text in BuiltInTexts.all { add(text: text) }
    }

    /// The paragraphs of a file: what stands between empty lines.
    mutating func addTexts(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw UsageError("the texts \(file) cannot be read")
        }
        let lines = String(decoding: data, as: UTF8.self).components(separatedBy: "\n")
        let paragraphs = lines.split { $0.allSatisfy(\.isWhitespace) }.map { $0.joined(separator: "\n") }
        guard !paragraphs.isEmpty else { throw UsageError("\(file) holds no text") }
        for text in paragraphs { add(text: text) }
    }

    /// The demo model's pictures with the answers that they have; nothing where they are not installed.
    mutating func addSamples() throws {
        guard let directory = DemoModel.samples,
            let data = FileManager.default.contents(atPath: directory.appendingPathComponent("samples.json").path)
        else { return }
        for sample in try JSONDecoder().decode([Sample].self, from: data) {
            let mode = ThinkMode(rawValue: sample.think) ?? .auto
            try add(
                picture: directory.appendingPathComponent(sample.file).path,
                question: sample.question,
                think: mode,
                answer: sample.answer
            )
        }
    }

    /// A picture of the user's own; what is said about it is compared from the end of its visual tokens on.
    mutating func add(picture: String) throws {
        try add(picture: picture, question: "Describe the image.", think: .auto, answer: nil)
    }

    /// The conversations of a file, from the end of their last picture on.
    mutating func add(conversations file: String, of checkpoint: Checkpoint) throws {
        try ConversationTexts(file: file, checkpoint, most: 1 << 20).forEach { text in
            let first = text.pictures.last?.span.upperBound ?? 0
            texts.append(
                ComparisonText(ids: text.ids, pictures: text.pictures, compared: first..<text.compared.upperBound)
            )
            kinds.append(text.pictures.isEmpty ? .texts : .images)
        }
    }

    /// Compares no more than about `limit` positions in all: the last ones of every text.
    mutating func keep(positions limit: Int) {
        let each = max(1, limit / max(texts.count, 1))
        texts = texts.map { text in
            let first = max(text.compared.lowerBound, text.compared.upperBound - each)
            return ComparisonText(
                ids: text.ids,
                pictures: text.pictures,
                compared: first..<text.compared.upperBound
            )
        }
    }

    private mutating func add(text: String) {
        let ids = Array(preparer.tokenizer.encode(text).prefix(maxPositions))
        guard !ids.isEmpty else { return }
        texts.append(ComparisonText(ids: ids, compared: 0..<ids.count))
        kinds.append(.texts)
    }

    private mutating func add(picture path: String, question: String, think: ThinkMode, answer: String?) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("the picture \(path) cannot be read")
        }
        var request = ConversationRequest(
            id: path,
            messages: [ChatMessage(role: .user, parts: [.image(path), .text(question)])]
        )
        request.options.think = think
        let prepared = try preparer.prepare(request, images: [[UInt8](data)])
        let said = answer.map { preparer.tokenizer.encode($0, allowingControlTokens: true) } ?? []
        let ids = Array((prepared.promptIds + said).prefix(maxPositions))
        let pictures = zip(prepared.pictures, prepared.imageSpans).map { picture, span in
            ComparisonText.Picture(bytes: picture.bytes, span: span, cut: picture.cut)
        }
        let first = answer == nil ? prepared.imageSpans.last?.upperBound ?? 0 : prepared.promptIds.count - 1
        texts.append(ComparisonText(ids: ids, pictures: pictures, compared: min(first, ids.count)..<ids.count))
        kinds.append(.images)
    }
}
