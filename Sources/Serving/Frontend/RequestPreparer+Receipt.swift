internal import Checkpoints
internal import Diagnostics
package import Requests
package import ServingCore
internal import Tokenization

extension RequestPreparer {
    /// A receipt's answer as a request that computes it again.
    ///
    /// - Parameter pictures: the bytes of pictures, by their digests.
    /// - Throws: `ReceiptDoubt` where a picture is missing or makes other tiles here, `UsageError` where no answer of this
    ///   model can be like that.
    package func prepare(_ receipt: Receipt, pictures: [String: [UInt8]]) throws -> PreparedRequest {
        let options = try receipt.request.options()
        try check(receipt)
        var job = GenerateJob(id: "", promptIds: receipt.prompt.ids)
        let own = try receipt.pictures.enumerated().map { place, picture in
            let own = try self.picture(picture, pictures[picture.sha256], place)
            job.images.append(
                .init(
                    number: Int32(place),
                    contentKey: Self.contentKey(own),
                    tiles: picture.tiles,
                    start: picture.start,
                    count: picture.count
                )
            )
            return own
        }
        try checkPlaces(receipt)
        job.sampling = options.sampling
        job.sampling.seed = receipt.request.seed
        job.stopIds = tokenizer.control.ends
        job.thinking = thinking(options)
        job.format = options.format
        job.claim = receipt.answer.tokens
        return PreparedRequest(template: job, pictures: own, stop: options.stop)
    }

    /// What cannot be of any answer of this model.
    private func check(_ receipt: Receipt) throws(UsageError) {
        let vocabulary = config.decoder.vocabulary
        for (name, ids) in [("prompt.ids", receipt.prompt.ids), ("answer.tokens", receipt.answer.tokens)] {
            if let odd = ids.first(where: { !(0..<Int32(vocabulary)).contains($0) }) {
                throw UsageError("the receipt's \(name) holds \(odd), and the model has ids 0 to \(vocabulary - 1)")
            }
        }
        let (prompt, answer) = (receipt.prompt.ids.count, receipt.answer.tokens.count)
        let limit = config.decoder.maxPositions
        guard prompt < limit, prompt + answer <= limit else {
            throw UsageError("the receipt has \(prompt) + \(answer) tokens, and the model's context \(limit)")
        }
    }

    private func picture(
        _ claimed: Receipt.Picture,
        _ bytes: [UInt8]?,
        _ place: Int
    ) throws -> PreparedRequest.Picture {
        guard let bytes else {
            throw ReceiptDoubt(.picture, "its picture \(place + 1) was not given", hint: "give its file with --image")
        }
        let (picture, tiles) = try picture(bytes, "picture \(place + 1)", claimed.cut)
        let count = tiles * config.visualTokensPerTile
        guard tiles == claimed.tiles, count == claimed.count else {
            let what = "\(claimed.tiles) tiles and \(claimed.count) visual tokens, and here \(tiles) and \(count)"
            throw ReceiptDoubt(.picture, "its picture \(place + 1) has \(what)")
        }
        return picture
    }

    /// Image tokens stand where pictures are, and nowhere else.
    private func checkPlaces(_ receipt: Receipt) throws(ReceiptDoubt) {
        var expected = Set<Int>()
        for picture in receipt.pictures { expected.formUnion(picture.start..<(picture.start + picture.count)) }
        let found = receipt.prompt.ids.indices.filter { receipt.prompt.ids[$0] == tokenizer.control.imgContext }
        guard Set(found) != expected else { return }
        throw ReceiptDoubt(.picture, "its pictures do not stand where the prompt has image tokens")
    }
}
