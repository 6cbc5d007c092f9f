/// Everything that an answer depends on, and the answer: by it another cluster can compute the answer again and say
/// whether it is the same.
///
/// What changes no token is not in it: ranks, threads, instruction sets, company, chunks, drafts, losses. It is no
/// signature: docs/RECEIPTS.md says what it proves, member by member.
package struct Receipt: Codable, Sendable, Equatable {
    /// Of this layout; a reader that knows another one refuses it.
    package static let layout = 1

    package var layout = Self.layout
    package var model: Model
    package var computation: Computation
    package var prompt: Prompt
    /// In the order of their places in the prompt.
    package var pictures: [Picture]
    package var request: Request
    package var answer: Answer
    package var digests: Digests

    private enum CodingKeys: String, CodingKey {
        case layout = "flotilla_receipt"
        case model, computation, prompt, pictures, request, answer, digests
    }

    /// The checkpoint, by digests of what is in it; the name is for people.
    package struct Model: Codable, Sendable, Equatable {
        package var name: String
        package var weights: String
        package var config: String
        package var tokenizer: String

        package init(name: String, weights: String, config: String, tokenizer: String) {
            (self.name, self.weights, self.config, self.tokenizer) = (name, weights, config, tokenizer)
        }
    }

    /// How it is computed, as far as that decides bits.
    package struct Computation: Codable, Sendable, Equatable {
        /// The definition of the arithmetic, and of everything else between prompt ids and tokens: kernels, the leaves and
        /// the tree of sums, resizing of pictures, noise, filters, the guard of thinking, formats of answers.
        ///
        /// Whoever changes a bit of any of it raises the number: `ComputationEditionTests` pins bits, and fails then.
        package static let currentEdition = 2

        package var edition = Self.currentEdition
        /// Names of `--format` and `--kv`.
        package var format: String
        package var kv: String
        /// Of `--vision-format`, where there are pictures and it is not what goes with `format`.
        package var vision: String?
        /// Of `--wire-format`, where sums are rounded on their way between hosts.
        package var wire: String?

        package init(format: String, kv: String, vision: String? = nil, wire: String? = nil) {
            (self.format, self.kv, self.vision, self.wire) = (format, kv, vision, wire)
        }

        /// The vision tower's format, as the option is called.
        package var visionFormat: String { vision ?? (format == "bf16" ? "bf16" : "native") }
    }

    package struct Prompt: Codable, Sendable, Equatable {
        /// With an image token at each place that a visual token takes.
        package var ids: [Int32]
        package var count: Int

        package init(ids: [Int32]) { (self.ids, count) = (ids, ids.count) }
    }

    package struct Picture: Codable, Sendable, Equatable {
        /// Of the file's bytes.
        package var sha256: String
        /// Positions of its visual tokens in the prompt.
        package var start: Int
        package var count: Int
        package var tiles: Int
        package var maxTiles: Int
        package var tiling: PictureCut.Tiling
        package var rgbFirst: Bool
        package var orient: Bool

        package init(sha256: String, start: Int, count: Int, tiles: Int, cut: PictureCut) {
            (self.sha256, self.start, self.count, self.tiles) = (sha256, start, count, tiles)
            (maxTiles, tiling, rgbFirst, orient) = (cut.maxTiles, cut.tiling, cut.rgbFirst, cut.orient)
        }

        package var cut: PictureCut {
            PictureCut(maxTiles: maxTiles, tiling: tiling, rgbFirst: rgbFirst, orient: orient)
        }

        private enum CodingKeys: String, CodingKey {
            case sha256, start, count, tiles, tiling, orient
            case maxTiles = "max_tiles"
            case rgbFirst = "rgb_first"
        }
    }

    package struct Answer: Codable, Sendable, Equatable {
        /// Every token that was generated, tags and end token included.
        package var tokens: [Int32]
        package var finish: FinishReason

        package init(tokens: [Int32], finish: FinishReason) { (self.tokens, self.finish) = (tokens, finish) }
    }

    /// Digests of the parts, by which damage is found and named.
    package struct Digests: Codable, Sendable, Equatable {
        package var prompt: String
        package var pictures: String
        package var request: String
        package var answer: String
    }

    /// What is the same for all receipts of a group.
    package struct Origin: Sendable, Equatable {
        package var model: Model
        package var computation: Computation

        package init(model: Model, computation: Computation) { (self.model, self.computation) = (model, computation) }
    }

    /// A receipt whose digests are right.
    package init(_ origin: Origin, prompt: [Int32], pictures: [Picture], request: Request, answer: Answer) {
        (model, computation) = (origin.model, origin.computation)
        self.prompt = Prompt(ids: prompt)
        (self.pictures, self.request, self.answer) = (pictures, request, answer)
        // No tower had to do with it.
        if pictures.isEmpty { computation.vision = nil }
        digests = Digests(prompt: "", pictures: "", request: "", answer: "")
        digests = freshDigests
    }

    /// One line of JSON.
    package var json: String { JSONLine.encode(self) }
}
