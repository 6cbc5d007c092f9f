import Checkpoints
import Diagnostics
import Digests
import Foundation
import Frontend
import RankProgram
import ServingCore
import Tokenization

/// The conversations of a file, lines as `generate --batch` reads them, as texts whose every token is given.
///
/// All lines are checked, and their tokens counted, at once; pictures are read again when their turn comes, so that one
/// conversation is in memory at a time. An assistant's messages are part of what is read.
struct ConversationTexts {
    static let mostBytes = 64 << 20

    let count: Int
    /// Of all conversations, and of the longest.
    let tokens, longest: Int
    let pictures: Int
    /// Of the file, and of the pictures in the order of their places, in hexadecimal digits.
    let digest: String
    private let batch: BatchFile
    private let preparer: RequestPreparer

    /// - Parameter most: tokens of all conversations at most.
    /// - Throws: what is wrong, with the line.
    init(file: String, _ checkpoint: Checkpoint, most: Int) throws {
        let data = try Self.read(file)
        batch = try BatchFile(data, path: file)
        preparer = RequestPreparer(checkpoint.config, tokenizer: try Tokenizer(directory: checkpoint.directory))
        guard !batch.requests.isEmpty else {
            throw UsageError("\(file) holds no conversation", hint: "a line is what generate --batch takes")
        }
        var (tokens, pictures, longest) = (0, 0, 0)
        var digests = [SHA256.hex([UInt8](data))]
        for request in batch.requests {
            let prepared = try preparer.prepare(request, picturesIn: batch.directory)
            tokens += prepared.promptIds.count
            pictures += prepared.pictures.count
            digests += prepared.pictures.map { SHA256.hex($0.bytes) }
            longest = max(longest, prepared.promptIds.count)
            guard tokens <= most else {
                throw UsageError(
                    "\(request.origin ?? file): the conversations up to here have \(tokens) tokens, "
                        + "expected at most \(most)",
                    hint: "some thousand tokens that are like what will be asked are enough"
                )
            }
        }
        (self.tokens, self.pictures, self.longest) = (tokens, pictures, longest)
        count = batch.requests.count
        digest = SHA256.hex(Array(digests.joined().utf8))
    }

    /// A pipe says nothing of its length, and a link has one of its own: what counts is what comes.
    private static func read(_ file: String) throws -> Data {
        guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.read(upToCount: mostBytes + 1)
        else {
            throw UsageError("the conversations \(file) cannot be read", hint: "a line is what generate --batch takes")
        }
        guard data.count <= mostBytes else {
            throw UsageError("the conversations \(file) have more than \(mostBytes) bytes", hint: "give a part of them")
        }
        return data
    }

    /// Calls `body` with each, whole.
    func forEach(_ body: (ComparisonText) throws -> Void) throws {
        for request in batch.requests {
            let prepared = try preparer.prepare(request, picturesIn: batch.directory)
            let pictures = zip(prepared.pictures, prepared.imageSpans).map { picture, span in
                ComparisonText.Picture(bytes: picture.bytes, span: span, cut: picture.cut)
            }
            let ids = prepared.promptIds
            guard ids.count <= longest else {
                throw UsageError(
                    "\(request.origin ?? "a conversation"): its pictures have changed while they were read"
                )
            }
            try body(ComparisonText(ids: ids, pictures: pictures, compared: 0..<ids.count))
        }
    }
}
