internal import Requests
internal import WireProtocol

/// What a client sends: lines, and blobs behind the lines that announce them.
enum ClientFrame: Sendable {
    case line(String)
    /// `bytes` is `nil` when the blob was larger than allowed and has been passed over.
    case blob(BlobHeader, bytes: [UInt8]?)
    /// Nothing that follows can be understood.
    case broken(LineFailure)

    /// Whether it is a HELLO.
    var showsToken: Bool {
        guard case .line(let line) = self else { return false }
        let start = line.utf8.prefix(6).map(ForeignProtocol.upperCased)
        return start.starts(with: "HELLO".utf8) && (start.count == 5 || start[5] == UInt8(ascii: " "))
    }
}

extension RequestError {
    /// There is no room for this connection at the moment.
    static func busy(_ what: String, retryAfterMilliseconds: Int) -> RequestError {
        RequestError(.busy, what, fatal: true, retryAfterMilliseconds: retryAfterMilliseconds)
    }

    /// Somebody speaks another protocol.
    static func foreign(_ name: String) -> RequestError {
        RequestError(.badLine, "this port speaks FLOTILLA/1, a line protocol, and not \(name)", fatal: true)
    }
}
