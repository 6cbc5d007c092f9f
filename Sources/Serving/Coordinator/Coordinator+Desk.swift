internal import NIOCore
internal import Requests
internal import ServingCore
internal import WireProtocol

extension Coordinator {
    /// Runs work on a thread beside the loop, when it is its owner's turn.
    ///
    /// - Parameters:
    ///   - number: of the connection, or of the call over HTTP.
    ///   - owner: whose turn it takes; the connection's by default.
    ///   - cost: bytes that it has to read, by which it is told from short work.
    /// - Returns: what the work gave; `nil` if the connection was closed before its turn came.
    func atDesk<Value: Sendable>(
        _ number: Int,
        owner: Owner? = nil,
        cost: Int,
        _ work: @Sendable (PreparationDesk) async throws(RequestError) -> Value
    ) async -> Result<Value, RequestError>? {
        // Small bodies are not free either: a line of a few bytes makes a task.
        let cost = cost + 512
        let owner = owner ?? number
        let isTurn = await withCheckedContinuation { continuation in
            guard sessions[number].map({ !$0.isClosing }) ?? (exchanges[number] != nil) else {
                return continuation.resume(returning: false)
            }
            deskLine.append(continuation, cost: cost, owner: owner, sender: number)
            giveTurns()
        }
        guard isTurn else { return nil }
        let result: Result<Value, RequestError>
        do throws(RequestError) { result = .success(try await work(desk)) } catch { result = .failure(error) }
        deskLine.finish(cost: cost, owner: owner)
        giveTurns()
        // What was held back because of all that waited is read now.
        if let session = sessions[number], !isCrowded(number) { session.channel.read() }
        return result
    }

    private func giveTurns() {
        while let continuation = deskLine.take() { continuation.resume(returning: true) }
    }

    /// A connection is being closed, or a call is over: what it waits with is not done.
    func leaveDesk(_ number: Int, owner: Owner? = nil) {
        let dropped = deskLine.drop(owner: owner ?? number, sender: number)
        for continuation in dropped { continuation.resume(returning: false) }
    }

    /// Whether so much of a connection waits that no more should be read from it.
    func isCrowded(_ number: Int) -> Bool { deskLine.cost(of: number) > options.limits.waitingBytes }

    /// Refuses what needs the desk when too much waits for it, over all connections.
    func requireDesk() throws(RequestError) {
        guard deskLine.cost > options.limits.allWaitingBytes else { return }
        let what = "\(deskLine.cost) bytes of requests wait to be read"
        throw RequestError(.busy, what, retryAfterMilliseconds: 1000)
    }
}
