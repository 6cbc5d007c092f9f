package import Foundation
import Synchronization

/// Qwen2's byte-level byte-pair tokenizer, as a checkpoint's files define it.
///
/// Text → NFC → words (``WordSplitter``) → bytes → merges by rank → ids. Added tokens such as `<|im_end|>` are made
/// from text only where the caller asks for it; otherwise a user who types one has typed ten characters.
///
/// Every call may come from any thread.
///
/// Source: `Qwen2Tokenizer` of Hugging Face transformers over the `tokenizers` library; equal id for id.
package final class Tokenizer: Sendable {
    /// The ids of the tokens that steer a conversation.
    package let control: ControlTokens

    let table: TokenTable
    let specialIDs: Set<Int32>
    private let addedIDs: Set<Int32>
    private let merger: BytePairMerger
    /// Added tokens that are looked for in the text as typed, and those looked for after normalisation.
    private let typedTokens: AddedTokenMatcher
    private let normalizedTokens: AddedTokenMatcher
    /// Encoders that no call uses now; with their warm caches they serve the next calls.
    private let encoders = Mutex<[TextEncoder]>([])

    /// Loads the tokenizer of a checkpoint: `tokenizer.json`, or `vocab.json` with `merges.txt`.
    ///
    /// Throws where a file is missing, broken or contradicts another one; nothing that a file says can crash it.
    package init(directory: URL) throws(TokenizerError) {
        let files = try TokenizerFiles(directory: directory)
        let added = files.added.tokens
        var table = files.tokens
        for token in added {
            if let conflict = table.insert(token.content, id: token.id) {
                throw .invalid(
                    file: "tokenizer_config.json or added_tokens.json",
                    field: token.content,
                    expected: "an id of its own",
                    found: conflict
                )
            }
        }
        merger = try BytePairMerger(files, table: table, added: added)
        control = try ControlTokens(added, furtherEnds: files.ends.filter { $0 >= 0 && Int($0) < table.size })
        addedIDs = Set(added.map(\.id))
        specialIDs = Set(added.filter(\.isSpecial).map(\.id))
        typedTokens = AddedTokenMatcher(added.filter { !$0.isNormalized })
        normalizedTokens = AddedTokenMatcher(added.filter(\.isNormalized))
        self.table = table
    }

    /// One more than the highest id; the model's own vocabulary may be padded beyond it.
    package var vocabularySize: Int { table.size }

    /// The first id that stands for another token than in `other`, and what it stands for in both: an id means the same to two
    /// models only where there is none.
    package func firstDifference(from other: Tokenizer) -> (id: Int32, mine: String?, theirs: String?)? {
        let size = Int32(max(vocabularySize, other.vocabularySize))
        let id = (0..<size).first { table.name(of: $0) != other.table.name(of: $0) }
        return id.map { ($0, table.name(of: $0), other.table.name(of: $0)) }
    }

    /// The id of a token by its name in the files: an added token's text, or a byte-level name such as `Ġthe`.
    package func id(of token: String) -> Int32? { table.id(of: token) }

    /// The bytes that a token adds to a text: nothing for added tokens, which steer, and for ids that no token has.
    package func textBytes(of id: Int32) -> [UInt8] { addedIDs.contains(id) ? [] : bytes(of: id) }

    // MARK: Encoding

    /// The tokens of plain text: a control token that was typed is its characters.
    package func encode(_ text: String) -> [Int32] {
        encode(text) { encoder, bytes, ids in encoder.encode(bytes, with: merger, into: &ids) }
    }

    /// The tokens of text; with `allowingControlTokens` the added tokens in it count, as Hugging Face has it.
    package func encode(_ text: String, allowingControlTokens: Bool) -> [Int32] {
        guard allowingControlTokens else { return encode(text) }
        return encode(text) { encoder, bytes, ids in
            typedTokens.forEachPart(of: bytes) { part in
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range):
                    encodeNormalizing(UnsafeBufferPointer(rebasing: bytes[range]), &encoder, &ids)
                }
            }
        }
    }

    private func encodeNormalizing(
        _ text: UnsafeBufferPointer<UInt8>,
        _ encoder: inout TextEncoder,
        _ ids: inout [Int32]
    ) {
        let normalized = CanonicalComposition.shared.normalized(text) ?? Array(text)
        normalized.withUnsafeBufferPointer { bytes in
            normalizedTokens.forEachPart(of: bytes) { part in
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range):
                    encoder.encode(
                        normalized: UnsafeBufferPointer(rebasing: bytes[range]),
                        with: merger,
                        into: &ids
                    )
                }
            }
        }
    }

    /// Lends `body` an encoder of its own and the text's bytes.
    private func encode(
        _ text: String,
        _ body: (inout TextEncoder, UnsafeBufferPointer<UInt8>, inout [Int32]) -> Void
    ) -> [Int32] {
        var encoder = encoders.withLock { $0.popLast() } ?? TextEncoder()
        var text = text
        var ids: [Int32] = []
        text.withUTF8 { bytes in
            ids.reserveCapacity(bytes.count / 3 + 1)
            body(&encoder, bytes, &ids)
        }
        encoders.withLock { $0.append(encoder) }
        return ids
    }

    // MARK: Decoding

    /// The text of tokens: their bytes joined, each maximal invalid part of UTF-8 replaced by U+FFFD.
    ///
    /// Ids that no token has are left out, and special tokens too if `skippingSpecial`.
    package func decode(_ ids: some Sequence<Int32>, skippingSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skippingSpecial && specialIDs.contains(id)) { table.appendBytes(of: id, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes of one token, which need not be whole characters; none if no token has the id.
    package func bytes(of id: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        table.appendBytes(of: id, to: &bytes)
        return bytes
    }
}
