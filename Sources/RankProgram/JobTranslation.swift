internal import Foundation
internal import GroupLink
internal import Inference

extension GenerationRequest {
    /// The job as the scheduler takes it; `nil` when a token is outside the vocabulary.
    init?(_ job: GenerateJob, vocabulary: Int) {
        guard job.promptIds.allSatisfy({ (0..<Int32(vocabulary)).contains($0) }) else { return nil }
        var sampling = SamplingOptions()
        sampling.temperature = job.sampling.temperature
        sampling.topK = job.sampling.topK
        sampling.topP = job.sampling.topP
        sampling.minP = job.sampling.minP
        sampling.repetitionPenalty = job.sampling.repetitionPenalty
        sampling.seed = job.sampling.seed
        self.init(
            id: job.id,
            prompt: job.promptIds,
            images: job.images.map { image in
                Image(number: image.number, positions: image.start..<(image.start + image.count))
            },
            sampling: sampling,
            maxTokens: job.sampling.maxTokens,
            endTokens: job.sampling.stopIds,
            wantsTrace: job.trace
        )
    }
}

extension GenerateJob.Image {
    /// The number under which the vision ranks deliver the tiles: image ids are decimal numbers.
    var number: Int32 { Int32(imageId) ?? -1 }
}

extension RankEndpoint {
    /// Sends a tensor that was asked for by a trace.
    func send(_ trace: Leader.Trace, hidden: Int) {
        switch trace {
        case .logits(let id, let values):
            let tensor = TraceTensor(id: id, name: "logits", shape: [1, values.count])
            send(.trace(tensor), attachment: values.withUnsafeBytes { Data($0) })
        case .visualTokens(let id, let image, let values):
            let tensor = TraceTensor(id: id, name: "visual_tokens.\(image)", shape: [values.count / hidden, hidden])
            send(.trace(tensor), attachment: values.withUnsafeBytes { Data($0) })
        }
    }
}
