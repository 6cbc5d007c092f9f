package import Requests

/// A request in tokens, ready to be handed to a group.
package struct PreparedRequest: Sendable {
    /// The job but for its name and the numbers of its images, which depend on the group.
    private let template: GenerateJob
    package let imageBytes: [[UInt8]]
    /// SHA-256 of each picture's bytes, in hexadecimal digits.
    package let imageDigests: [String]
    /// The limit for tiles of each picture, the thumbnail not included.
    package let maxTiles: Int
    package let stop: [String]

    package init(template: GenerateJob, imageBytes: [[UInt8]], imageDigests: [String], maxTiles: Int, stop: [String]) {
        self.template = template
        self.imageBytes = imageBytes
        self.imageDigests = imageDigests
        self.maxTiles = maxTiles
        self.stop = stop
    }

    package var id: String { template.id }
    package var promptIds: [Int32] { template.promptIds }
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
    package var longest: Int { promptIds.count + template.sampling.maxTokens }

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

    /// The names of the pages that the prompt fills in the KV cache.
    package func pageKeys(pageTokens: Int) -> [PageKey] {
        PageKey.chain(template.promptIds, images: template.images, pageTokens: pageTokens)
    }
}
