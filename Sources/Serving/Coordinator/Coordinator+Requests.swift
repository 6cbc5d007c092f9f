internal import Frontend
internal import GroupLink
internal import Logging
internal import NIOCore
internal import RankProgram
internal import Tokenization
internal import WireProtocol
internal import Requests

extension Coordinator {
    /// A GENERATE has come: it is made ready beside the loop, and then admitted or turned away.
    func generate(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        guard let id = command.id else { throw RequestError(.badLine, "GENERATE needs an id") }
        guard session.inFlight[id] == nil else {
            throw RequestError(.duplicateId, "a request \(id) is in flight on this connection")
        }
        if let refusal = refusal() {
            // The pictures stay, so that the client can simply ask again.
            session.blobs.spareBlobs(of: id)
            throw refusal
        }
        try requireBlobs(of: id, session)
        session.inFlight[id] = .some(nil)
        preparing += 1
        let json = command.json ?? ""
        let blobs = session.blobs.blobs(of: id)
        let (number, arrived, pictures) = (session.number, NIODeadline.now(), pictures)
        let cost = json.utf8.count + blobs.values.reduce(0) { $0 + $1.count } / Self.blobBytesPerBodyByte
        Task {
            let result = await self.atDesk(number, cost: cost) { desk throws(RequestError) in
                try await desk.prepare(json, blobs: blobs, pictures: pictures)
            }
            self.preparing -= 1
            if let result { self.admit(result, id, number, arrived) } else { self.endIfDrained() }
        }
    }

    /// Why no request is taken at the moment; `nil` if one is.
    private func refusal() -> RequestError? {
        if isDraining { return RequestError(.draining, "the server finishes what it has and takes nothing new") }
        if !hasBeenReady {
            return RequestError(.loading, "the model is being loaded", retryAfterMilliseconds: 1000)
        }
        guard requests.count + preparing < options.limits.inFlight else {
            let what = "\(options.limits.inFlight) requests are in flight"
            return RequestError(.busy, what, retryAfterMilliseconds: retryAfterMilliseconds)
        }
        do throws(RequestError) { try requireDesk() } catch { return error }
        return nil
    }

    /// So many bytes of a picture, which are only digested, take as long as one of a body.
    static var blobBytesPerBodyByte: Int { 64 }

    /// When a place is likely to be free: the time that a request takes, divided by those under way.
    private var retryAfterMilliseconds: Int {
        let typical = statistics.requestTime.quantiles([0.5])[0]
        return min(30_000, max(100, Int(typical * 1000 / Double(max(1, options.rankOptions.maxSequences)))))
    }

    private func admit(
        _ result: Result<Preparation, RequestError>,
        _ id: RequestId,
        _ sessionNumber: Int,
        _ arrived: NIODeadline
    ) {
        guard let session = sessions[sessionNumber], !session.isClosing else { return }
        let wasCancelled = session.cancelledEarly.remove(id) != nil
        let preparation: Preparation
        do throws(RequestError) {
            preparation = try result.get()
            if let refusal = refusal() { throw refusal }
        } catch {
            if error.retriable { session.blobs.spareBlobs(of: id) } else { session.blobs.drop(id) }
            session.send(.err(id, error))
            statistics.noteError(error.code)
            return free(id, of: session)
        }
        session.blobs.drop(id)
        let request = accept(preparation, id, session, arrived)
        if wasCancelled { return finish(request, finish: .cancelled) }
        dispatch()
    }

    private func accept(
        _ preparation: Preparation,
        _ id: RequestId,
        _ session: ClientSession,
        _ arrived: NIODeadline
    ) -> ServedRequest {
        nextJob += 1
        var clock = RequestClock(arrived: arrived)
        clock.accepted = .now()
        let request = ServedRequest(
            order: nextJob,
            id: id,
            session: session.number,
            preparation,
            answer: AnswerStream(tokenizer, stop: preparation.body.options.stop),
            clock: clock
        )
        for (bytes, digest) in zip(request.prepared.imageBytes, request.prepared.imageDigests) {
            pictures.keep(bytes, digest: digest)
        }
        request.cachedTokens = cachedTokens(of: request)
        requests[request.job] = request
        session.inFlight[id] = request.job
        queue.append(request.job, owner: session.number)
        statistics.accepted += 1
        if let limit = request.body.options.deadlineMilliseconds { setDeadline(request, arrived + .milliseconds(Int64(limit))) }
        session.send(
            .ack(
                id,
                Ack(
                    queued: queue.count - 1,
                    promptTokens: request.prepared.promptIds.count,
                    imageTokens: request.prepared.imageTokens,
                    tiles: request.prepared.tiles,
                    cachedTokens: request.cachedTokens,
                    seed: request.seed
                )
            )
        )
        return request
    }

    /// Tokens of the prompt that the prefix cache has, as far as is known here.
    func cachedTokens(of request: ServedRequest) -> Int {
        let pageTokens = desk.pageTokens
        // One token is always computed: its logits choose the first of the answer.
        let most = (request.prepared.promptIds.count - 1) / pageTokens
        return request.pageKeys.prefix(most).prefix { knownPages.contains($0) }.count * pageTokens
    }

    private func setDeadline(_ request: ServedRequest, _ time: NIODeadline) {
        let job = request.job
        request.deadline = eventLoop.scheduleTask(deadline: time) { [weak self] in
            self?.assumeIsolated { coordinator in
                guard let request = coordinator.requests[job] else { return }
                if request.hasStarted {
                    coordinator.stop(request)
                    coordinator.finish(request, finish: .deadline)
                } else {
                    coordinator.fail(request, RequestError(.deadline, "the deadline passed before work could begin"))
                }
            }
        }
    }

    /// Tells the group to stop work on a request; it ends within one step, chunk or tile.
    func stop(_ request: ServedRequest) {
        if queue.remove(request.job) { return }
        guard request.isDispatched else { return }
        group?.send(.cancel(id: request.job), to: 0)
    }

    /// Ends a request with END.
    func finish(_ request: ServedRequest, finish: FinishReason, summary: JobSummary? = nil) {
        guard claimEnd(of: request) else { return }
        for piece in request.answer.finish() { send(piece, of: request) }
        let event = endEvent(request, finish: finish, summary: summary)
        if let session = sessions[request.session] { send(.end(request.id, event), to: session) }
        statistics.note(request, finish: finish, summary: summary)
        log(request, "\(finish.rawValue)")
        forget(request)
        if summary != nil { policy.madeProgress() }
    }

    /// Ends a request with ERR.
    func fail(_ request: ServedRequest, _ error: RequestError) {
        guard claimEnd(of: request) else { return }
        stop(request)
        statistics.failed += 1
        if let session = sessions[request.session] { send(.err(request.id, error), to: session) }
        statistics.noteError(error.code)
        log(request, error.code.rawValue)
        forget(request)
    }

    private func endEvent(_ request: ServedRequest, finish: FinishReason, summary: JobSummary?) -> End {
        var usage = End.Usage()
        usage.prompt = request.prepared.promptIds.count
        usage.image = request.prepared.imageTokens
        usage.cached = summary?.cachedTokens ?? (request.hasStarted ? request.cachedTokens : 0)
        usage.thinking = request.answer.thinkingCount
        usage.answer = request.answer.answerCount
        usage.generated = request.tokens.count
        let hasPictures = !request.prepared.tiles.isEmpty
        request.clock.prefillMilliseconds += summary?.prefillMilliseconds ?? 0
        return End(
            finish: finish.rawValue,
            text: request.answer.answer,
            thinking: request.answer.thinking,
            boxed: AnswerText.boxed(in: request.answer.answer),
            usage: usage,
            timing: request.clock.timing(now: .now(), tokens: request.tokens.count, hasPictures: hasPictures),
            seed: request.seed,
            thinkingCut: summary == nil ? request.thinkingCut : summary?.thinkingCut,
            replays: request.replays,
            logprobs: request.wantsLogprobsAtEnd ? request.logprobs : nil
        )
    }

    /// Whether the request is still to be ended. Sending to a client that has gone ends its requests, so that an end
    /// may come while another is being told.
    private func claimEnd(of request: ServedRequest) -> Bool { requests.removeValue(forKey: request.job) != nil }

    /// Lets go of everything that a request held.
    private func forget(_ request: ServedRequest) {
        request.deadline?.cancel()
        _ = queue.remove(request.job)
        if request.isDispatched { queue.release(request.session) }
        releasePictures(of: request)
        if let session = sessions[request.session] { free(request.id, of: session) }
        dispatch()
        endIfDrained()
    }

    /// One line a request.
    private func log(_ request: ServedRequest, _ outcome: String) {
        let timing = request.clock.timing(now: .now(), tokens: request.tokens.count, hasPictures: false)
        logger.info(
            "request ended",
            metadata: [
                "request": "\(request.job)", "id": "\(request.id)", "session": "\(request.session)",
                "outcome": "\(outcome)", "prompt": "\(request.prepared.promptIds.count)",
                "cached": "\(request.cachedTokens)", "tiles": "\(request.tileCount)",
                "tokens": "\(request.tokens.count)", "replays": "\(request.replays)",
                "ttft_ms": "\(Int(timing.ttftMilliseconds))", "total_ms": "\(Int(timing.totalMilliseconds))",
            ]
        )
    }
}
