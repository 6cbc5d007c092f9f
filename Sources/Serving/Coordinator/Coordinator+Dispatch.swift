internal import Checkpoints
internal import Foundation
internal import Frontend
internal import GroupLink
internal import NIOCore
internal import RankProgram
internal import Tokenization
internal import WireProtocol
internal import Requests

extension Coordinator {
    /// Hands requests to the group while it has room: as many as it can run at once, and a few more, whose pictures
    /// are encoded meanwhile.
    func dispatch() {
        guard groupState == .ready, let group else { return }
        while hasRoom, let job = queue.take() {
            guard let request = requests[job] else { continue }
            if let reason = request.finishReason {
                // The ranks had computed the answer to its end, and were lost before they could say so.
                queue.release(request.session)
                finish(request, finish: reason)
            } else {
                hand(request, to: group)
            }
        }
    }

    private var hasRoom: Bool {
        let dispatched = requests.values.reduce(0) { $0 + ($1.isDispatched ? 1 : 0) }
        return dispatched < options.rankOptions.maxSequences + Self.ahead
            && (dispatched == 0 || visualTokens.pinnedBytes <= options.limits.visualTokenBytes)
    }

    /// Requests that wait on the leader, beyond those that it can run: enough to keep it and the vision ranks busy.
    private static let ahead = 2

    private func hand(_ request: ServedRequest, to group: GroupHandle) {
        let now = NIODeadline.now()
        request.isDispatched = true
        request.clock.dispatched = request.clock.dispatched ?? now
        let covered = cachedTokens(of: request)
        var numbers: [Int32] = []
        var isComing: [Bool] = []
        var toEncode: [Int] = []
        for (index, key) in request.prepared.contentKeys.enumerated() {
            let span = request.prepared.imageSpans[index]
            let use = visualTokens.use(
                key,
                tiles: request.prepared.tiles[index],
                bytes: span.count * config.decoder.hidden * 4,
                isCovered: span.upperBound <= covered
            )
            request.heldPictures.append(key)
            numbers.append(use.number)
            isComing.append(visualTokens.isRequested(key))
            if use.mustEncode { toEncode.append(index) }
        }
        request.stage = toEncode.isEmpty ? .prefill : .vision
        if toEncode.isEmpty { request.clock.pictures = request.clock.pictures ?? now }
        group.send(.generate(request.generateJob(numbers: numbers, isComing: isComing)), to: 0)
        for index in toEncode { encode(request, index, number: numbers[index], group) }
    }

    private func encode(_ request: ServedRequest, _ index: Int, number: Int32, _ group: GroupHandle) {
        let job = ImageJob(number: number, maxTiles: request.prepared.maxTiles)
        group.send(.encode(job), attachment: Data(request.prepared.imageBytes[index]), toAll: group.visionRanks)
    }

    /// The leader needs pictures that the prefix cache was thought to cover.
    func encodeWanted(_ numbers: [Int32]) {
        guard let group else { return }
        for number in numbers where visualTokens.want(number) {
            guard let key = visualTokens.key(of: number),
                let request = requests.values.first(where: { $0.heldPictures.contains(key) }),
                let index = request.prepared.contentKeys.firstIndex(of: key)
            else { continue }
            encode(request, index, number: number, group)
        }
    }

    /// Lets go of a request's pictures, and tells the ranks which to forget.
    func releasePictures(of request: ServedRequest) {
        var forgotten: [Int32] = []
        for key in request.heldPictures { forgotten += visualTokens.release(key) }
        request.heldPictures = []
        tellForgotten(forgotten)
    }

    func tellForgotten(_ numbers: [Int32]) {
        guard !numbers.isEmpty, let group else { return }
        group.send(.forget(images: numbers), toAll: [0] + Array(group.visionRanks))
    }

    // MARK: - What comes back

    func take(_ step: StepReport) {
        knownPages.subtract(step.droppedPages)
        knownPages.formUnion(step.keptPages)
        load = step.load
        statistics.preemptions += step.preempted.count
        for number in step.tiles { tileArrived(number) }
        for prefill in step.prefill { take(prefill) }
        for tokens in step.tokens { take(tokens) }
    }

    private func tileArrived(_ number: Int32) {
        guard let (done, total) = visualTokens.tileArrived(number), let key = visualTokens.key(of: number) else {
            return
        }
        statistics.tiles += 1
        for request in requests.values where request.heldPictures.contains(key) {
            if done == total, request.heldPictures.allSatisfy({ visualTokens.isComplete($0) }) {
                request.clock.pictures = request.clock.pictures ?? .now()
                if request.stage == .vision { request.stage = .prefill }
            }
            if request.stage == .vision { sendProgress(request, atMostEvery: .milliseconds(100)) }
        }
    }

    private func take(_ prefill: StepReport.Prefill) {
        guard let request = requests[prefill.id] else { return }
        request.prefilled = prefill.done
        if request.stage == .prefill || prefill.done == prefill.total {
            sendProgress(request, atMostEvery: .milliseconds(250))
        }
    }

    private func take(_ tokens: StepReport.Tokens) {
        guard let request = requests[tokens.id] else { return }
        let now = NIODeadline.now()
        request.stage = .decode
        for (index, id) in tokens.ids.enumerated() {
            request.tokens.append(id)
            statistics.noteToken(request, at: now)
            request.clock.gotToken(at: now)
            let logprobs = tokens.logprobs.indices.contains(index) ? tokens.logprobs[index] : nil
            for piece in request.answer.append(id, logprobs: logprobs) { send(piece, of: request) }
            if request.answer.hasMatchedStop {
                stop(request)
                return finish(request, finish: .stopString)
            }
        }
    }

    func send(_ piece: AnswerStream.Segment, of request: ServedRequest) {
        let logprobs = piece.logprobs
        if request.wantsLogprobsAtEnd { request.logprobs += logprobs }
        guard request.body.options.stream, let session = sessions[request.session] else { return }
        request.lastSent = .now()
        let sent = Piece(text: piece.text, ids: piece.ids, logprobs: logprobs)
        send(piece.part == .thinking ? .think(request.id, sent) : .text(request.id, sent), to: session)
    }

    /// Says where a request stands, unless something was said lately.
    func sendProgress(_ request: ServedRequest, atMostEvery pause: TimeAmount = .zero, note: String? = nil) {
        guard request.body.options.stream, let session = sessions[request.session] else { return }
        let now = NIODeadline.now()
        guard now - request.lastSent >= pause else { return }
        request.lastSent = now
        let (done, total): (Int, Int)
        switch request.stage {
        case .queue: (done, total) = (0, (queue.position(of: request.job) ?? 0) + 1)
        case .vision:
            (done, total) = (request.heldPictures.reduce(0) { $0 + visualTokens.arrivedTiles($1) }, request.tileCount)
        case .prefill: (done, total) = (request.prefilled, request.prepared.promptIds.count)
        case .decode: (done, total) = (request.tokens.count, request.maxTokens)
        }
        send(
            .progress(request.id, RequestProgress(stage: request.stage.rawValue, done: done, total: total, note: note)),
            to: session
        )
    }
}
