internal import Checkpoints
internal import GroupLink
internal import Logging
internal import NIOCore
internal import RankProgram
internal import Requests
internal import ServingCore
internal import WireProtocol

extension Coordinator {
    /// A client has connected: it is greeted.
    func open(_ channel: any Channel, isLocal: Bool) -> Int {
        nextSession += 1
        let needsToken = !options.tokens.isEmpty && !isLocal
        let session = ClientSession(number: nextSession, channel: channel, isLocal: isLocal, isAuthorised: !needsToken)
        sessions[session.number] = session
        connectionCount += 1
        guard sessions.count <= options.limits.connections else {
            let what = "\(options.limits.connections) connections are open"
            fail(session, nil, RequestError(.busy, what, fatal: true, retryAfterMilliseconds: 1000))
            return session.number
        }
        session.send(.greeting(greeting(needsToken: needsToken)))
        if needsToken { expectHello(session.number) }
        return session.number
    }

    private func greeting(needsToken: Bool) -> Greeting {
        let limits = options.limits
        return Greeting(
            server: "flotilla \(options.version)",
            model: config.modelName,
            state: core.state,
            auth: needsToken,
            ranks: Greeting.Ranks(decoder: core.decoderRanks, vision: core.visionRanks),
            maxLine: limits.lineBytes,
            maxBlob: limits.blobBytes,
            maxImages: limits.images,
            maxContext: maxContext,
            maxInFlight: limits.inFlight
        )
    }

    private func expectHello(_ number: Int) {
        eventLoop.scheduleTask(in: .seconds(Int64(options.limits.helloSeconds))) { [weak self] in
            self?.assumeIsolated { coordinator in
                guard let session = coordinator.sessions[number], !session.isAuthorised else { return }
                coordinator.fail(session, nil, RequestError(.auth, "no HELLO came in time", fatal: true))
            }
        }
    }

    /// A line or a blob has come; whether the client may send blobs from now on.
    func receive(_ frame: ClientFrame, _ number: Int) -> Bool {
        guard let session = sessions[number], !session.isClosing else { return false }
        switch frame {
        case .broken(let failure): fail(session, failure.id, failure.error)
        case .line(let line): take(line, session)
        case .blob(let header, let bytes): take(header, bytes, session)
        }
        return session.isAuthorised
    }

    private func take(_ header: BlobHeader, _ bytes: [UInt8]?, _ session: ClientSession) {
        do throws(RequestError) {
            try keep(header, bytes, session)
        } catch {
            session.blobs.refuse(header.id, header.index, error)
            fail(session, header.id, error)
        }
    }

    private func keep(_ header: BlobHeader, _ bytes: [UInt8]?, _ session: ClientSession) throws(RequestError) {
        let limits = options.limits
        guard let bytes else {
            let what = "blob \(header.index) has \(header.byteCount) bytes, at most \(limits.blobBytes) are taken"
            throw RequestError(.blobTooBig, what)
        }
        guard header.index < limits.images else {
            let what = "blob \(header.index) of a request; at most \(limits.images) pictures are taken, numbered from 0"
            throw RequestError(.tooManyImages, what)
        }
        guard heldPictureBytes + bytes.count <= limits.heldPictureBytes else {
            let what = "pictures of \(heldPictureBytes) bytes wait for their requests, or for their answers"
            throw RequestError(.busy, what, retryAfterMilliseconds: 1000)
        }
        guard session.blobs.keep(bytes, index: header.index, of: header.id, limit: limits.pendingBlobBytes) else {
            let what = "\(session.blobs.byteCount) bytes of blobs already wait for their requests"
            throw RequestError(.blobTooBig, what)
        }
    }

    /// A request whose blobs were not all taken is not answered without them.
    func requireBlobs(of id: RequestId, _ session: ClientSession) throws(RequestError) {
        guard let error = session.blobs.refusal(of: id) else { return }
        session.blobs.drop(id)
        throw error
    }

    /// Bytes of pictures that all connections have sent ahead, and that all requests in flight came with.
    var heldPictureBytes: Int {
        sessions.values.reduce(0) { $0 + $1.blobs.byteCount } + core.pictureBytes
    }

    /// Says what is wrong; closes the connection if nothing more can be understood.
    func fail(_ session: ClientSession, _ id: RequestId?, _ error: RequestError) {
        core.noteError(error.code)
        session.send(.err(id, error))
        if error.fatal { hangUp(session) }
    }

    /// Closes a connection so that what was said last is still read: half first, all of it a little later.
    func hangUp(_ session: ClientSession) {
        guard !session.isClosing else { return }
        session.isClosing = true
        endRequests(of: session)
        let channel = session.channel
        channel.close(mode: .output, promise: nil)
        eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }

    /// - Parameter name: of what `value` says about the client.
    func noteSlowConsumer(_ name: String, _ value: String) {
        strangers.note(.cutOff, "client cut off", [name: value, "code": "SLOW_CONSUMER"])
        core.noteError(.slowConsumer)
    }

    /// A client does not read: it is cut off at once, and what it asked for is dropped.
    func cutOff(_ session: ClientSession) {
        noteSlowConsumer("session", "\(session.number)")
        session.send(.err(nil, RequestError(.slowConsumer, "answers were left unread for too long", fatal: true)))
        session.isClosing = true
        endRequests(of: session)
        session.channel.close(promise: nil)
    }

    func noteWritability(_ number: Int, _ isWritable: Bool) {
        guard let session = sessions[number] else { return }
        session.stalledSince = isWritable ? nil : session.stalledSince ?? .now()
    }

    /// Sends an event of a request, and cuts the client off if too much waits for it.
    func send(_ event: ServerEvent, to session: ClientSession) {
        if session.stalledSince != nil {
            // What waited before counts, so that one long answer is nobody's fault.
            let waiting = try? session.channel.syncOptions?.getOption(.bufferedWritableBytes)
            if let waiting, waiting > options.limits.outboxBytes { return cutOff(session) }
        }
        session.send(event)
    }

    /// The client sends nothing more: what it asked for is finished, then the connection closes.
    func halfClose(_ number: Int) {
        guard let session = sessions[number], !session.isClosing else { return }
        session.isHalfClosed = true
        // A client that closed altogether looks the same; it answers the next line with a reset.
        if session.inFlight.isEmpty { hangUp(session) } else { session.send(.note(Note(state: core.state))) }
    }

    /// The connection is gone: its requests stop.
    func close(_ number: Int) {
        guard let session = sessions.removeValue(forKey: number) else { return }
        session.isClosing = true
        endRequests(of: session)
    }

    private func endRequests(of session: ClientSession) {
        leaveDesk(session.number)
        let tickets = session.inFlight.values.compactMap { $0 }.sorted()
        session.inFlight = [:]
        for ticket in tickets {
            // Nobody listens any more.
            senders[ticket] = nil
            bodies[ticket] = nil
            feed(.abandoned(ticket))
        }
    }

    /// Cuts a client off that does not read, and looks whether one that half-closed is still there.
    func check(_ session: ClientSession) {
        let now = NIODeadline.now()
        if let since = session.stalledSince, now - since > .seconds(Int64(options.limits.stalledSeconds)) {
            cutOff(session)
        } else if session.isHalfClosed, !session.inFlight.isEmpty, now - session.lastSent >= .seconds(5) {
            // A client that has gone for good answers this with a reset.
            session.send(.note(Note(state: core.state)))
        }
    }

    /// A request's name is free again; closes a half-closed connection behind its last one.
    func free(_ id: RequestId, of session: ClientSession) {
        session.end(id)
        if session.isHalfClosed, session.inFlight.isEmpty { hangUp(session) }
    }
}
