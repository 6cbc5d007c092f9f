package import Requests

/// A request in tokens, ready to be handed to a group.
package struct PreparedRequest: Sendable {
    /// The job but for its name and the numbers of its images, which depend on the group.
    private let template: GenerateJob
    package let pictures: [Picture]
    package let stop: [String]

    /// - Parameter pictures: one for each of the template's images, in their order.
    package init(template: GenerateJob, pictures: [Picture], stop: [String]) {
        precondition(pictures.count == template.images.count, "\(pictures.count) pictures, \(template.images.count)")
        self.template = template
        self.pictures = pictures
        self.stop = stop
    }

    /// A picture and how it is cut.
    package struct Picture: Sendable {
        package let bytes: [UInt8]
        /// SHA-256 of the bytes, in hexadecimal digits.
        package let digest: String
        package let cut: PictureCut
        package let grids: PictureGrids

        package init(bytes: [UInt8], digest: String, cut: PictureCut, grids: PictureGrids) {
            (self.bytes, self.digest, self.cut, self.grids) = (bytes, digest, cut, grids)
        }
    }

    package var id: String { template.id }
    package var promptIds: [Int32] { template.promptIds }
    package var pictureBytes: Int { pictures.reduce(0) { $0 + $1.bytes.count } }
    package var grids: [PictureGrids] { pictures.map(\.grids) }
    /// Tiles of each picture, the thumbnail included.
    package var tiles: [Int] { template.images.map(\.tiles) }
    /// Positions of each picture's visual tokens in the prompt.
    package var imageSpans: [Range<Int>] { template.images.map(\.positions) }
    /// What each picture's visual tokens depend on.
    package var contentKeys: [String] { template.images.map(\.contentKey) }
    /// Visual tokens in the prompt.
    package var imageTokens: Int { template.images.reduce(0) { $0 + $1.count } }
    /// Of the answer, at most.
    package var maxTokens: Int { template.sampling.maxTokens }
    package var seed: UInt64 { template.sampling.seed }
    /// Tokens that the KV cache must have room for.
    package var longest: Int { promptIds.count + template.mostTokens }

    /// The job for a group in which the pictures have these numbers.
    ///
    /// - Parameter isComing: whether the vision ranks encode each of them.
    package func job(numbers: [Int32], isComing: [Bool]) -> GenerateJob {
        var job = template
        for index in job.images.indices {
            job.images[index].number = numbers[index]
            job.images[index].isComing = isComing[index]
        }
        return job
    }

    /// The pictures as a receipt has them.
    var receiptPictures: [Receipt.Picture] {
        zip(template.images, pictures).map { image, picture in
            Receipt.Picture(
                sha256: picture.digest,
                start: image.start,
                count: image.count,
                tiles: image.tiles,
                cut: picture.cut
            )
        }
    }

    /// The names of the pages that the prompt fills in the KV cache.
    package func pageKeys(pageTokens: Int) -> [PageKey] {
        PageKey.chain(template.promptIds, images: template.images, pageTokens: pageTokens)
    }
}
