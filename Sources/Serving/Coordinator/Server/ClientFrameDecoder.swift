internal import NIOCore
internal import Requests
internal import WireProtocol

/// Cuts a client's bytes into lines and blobs.
///
/// A line is looked at once, however slowly it is typed; a line or blob that is too large is never held.
final class ClientFrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ClientFrame

    private enum State {
        case line
        case blob(BlobHeader)
        /// Passing over a blob that is too large: so many bytes are left, its line end not counted.
        case skipping(BlobHeader, left: Int)
        case blobEnd(BlobHeader, [UInt8]?)
        /// After something fatal: everything is passed over.
        case deaf
    }

    /// Bytes of a line from somebody who must still show a token: no more is needed for that.
    static let strangerLineLimit = 4096

    private let trustedLineLimit: Int
    private let blobLimit: Int
    private let meter: InputMeter
    /// Bytes that the meter counts for this connection.
    private var metered = 0
    /// Bytes of an unfinished line that are known to hold no line end.
    private var scanned = 0
    private var state = State.line
    /// Whether blobs and long lines are taken; not before a client has shown its token.
    var isTrusted: Bool
    /// Nothing is taken at the moment: whether the client is trusted is being looked at.
    var isHeld = false
    /// What ended the connection, if it was another protocol.
    private(set) var foreign: ForeignProtocol?
    private var lineLimit: Int { isTrusted ? trustedLineLimit : min(trustedLineLimit, Self.strangerLineLimit) }

    init(lineLimit: Int, blobLimit: Int, isTrusted: Bool, meter: InputMeter) {
        trustedLineLimit = lineLimit
        self.blobLimit = blobLimit
        self.isTrusted = isTrusted
        self.meter = meter
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
        guard !isHeld else { return .needMoreData }
        let next = decodeNext(context, &buffer)
        if case .needMoreData = next { measure(context, &buffer) }
        return next
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        _ = meter.change(from: metered, to: 0)
        metered = 0
    }

    /// Counts what is kept until more comes.
    private func measure(_ context: ChannelHandlerContext, _ buffer: inout ByteBuffer) {
        let isWithin = meter.change(from: metered, to: buffer.readableBytes)
        metered = buffer.readableBytes
        if isWithin { return }
        let what = "\(meter.held) bytes of lines and blobs are not yet complete, over all connections"
        fail(context, nil, .busy(what, retryAfterMilliseconds: 1000))
        buffer.moveReaderIndex(to: buffer.writerIndex)
        _ = meter.change(from: metered, to: 0)
        metered = 0
    }

    private func decodeNext(_ context: ChannelHandlerContext, _ buffer: inout ByteBuffer) -> DecodingState {
        switch state {
        case .line: return decodeLine(context, &buffer)
        case .blob(let header):
            guard let bytes = buffer.readBytes(length: header.byteCount) else { return .needMoreData }
            state = .blobEnd(header, bytes)
            return .continue
        case .skipping(let header, let left):
            let passed = min(left, buffer.readableBytes)
            guard passed > 0 || left == 0 else { return .needMoreData }
            buffer.moveReaderIndex(forwardBy: passed)
            state = left == passed ? .blobEnd(header, nil) : .skipping(header, left: left - passed)
            return .continue
        case .blobEnd(let header, let bytes): return decodeBlobEnd(context, &buffer, header, bytes)
        case .deaf:
            guard buffer.readableBytes > 0 else { return .needMoreData }
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return .needMoreData
        }
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) -> DecodingState {
        if case .continue = decode(context: context, buffer: &buffer) { return .continue }
        switch state {
        case .line:
            guard buffer.readableBytes > 0 else { break }
            buffer.moveReaderIndex(to: buffer.writerIndex)
            fail(context, nil, RequestError(.badLine, "the last line has no line end"))
        case .blob(let header), .skipping(let header, _), .blobEnd(let header, _):
            buffer.moveReaderIndex(to: buffer.writerIndex)
            let what = "blob \(header.index) of \(header.byteCount) bytes was not sent to its end"
            fail(context, header.id, RequestError(.badLine, what, fatal: true))
        case .deaf: break
        }
        return .needMoreData
    }

    private func decodeLine(_ context: ChannelHandlerContext, _ buffer: inout ByteBuffer) -> DecodingState {
        let view = buffer.readableBytesView
        let fresh = view.dropFirst(scanned)
        guard let end = fresh.firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = view.count
            if let foreign = ForeignProtocol(line: view, isWhole: false) {
                failForeign(context, foreign)
                return .continue
            }
            if scanned > lineLimit + 1 { failLong(context) }
            return scanned > lineLimit + 1 ? .continue : .needMoreData
        }
        var length = end - view.startIndex
        scanned = 0
        let hasReturn = length > 0 && view[view.startIndex + length - 1] == UInt8(ascii: "\r")
        if length - (hasReturn ? 1 : 0) > lineLimit {
            failLong(context)
            return .continue
        }
        let bytes = buffer.readBytes(length: length) ?? []
        buffer.moveReaderIndex(forwardBy: 1)
        if hasReturn { length -= 1 }
        if let foreign = ForeignProtocol(line: bytes.prefix(length), isWhole: true) {
            failForeign(context, foreign)
            return .continue
        }
        guard let text = String(validating: bytes.prefix(length), as: UTF8.self) else {
            fail(context, nil, RequestError(.badLine, "a line holds bytes that are not UTF-8", fatal: true))
            return .continue
        }
        take(context, text)
        return .continue
    }

    private func failForeign(_ context: ChannelHandlerContext, _ foreign: ForeignProtocol) {
        self.foreign = foreign
        fail(context, nil, .foreign(foreign.rawValue))
    }

    private func take(_ context: ChannelHandlerContext, _ line: String) {
        // Only the first bytes: a whole line may be a MiB.
        let start = line.utf8.prefix(5).map(ForeignProtocol.upperCased)
        guard start.starts(with: "BLOB".utf8), start.count == 4 || start[4] == UInt8(ascii: " ") else {
            context.fireChannelRead(wrapInboundOut(.line(line)))
            return
        }
        guard isTrusted else {
            fail(context, nil, RequestError(.auth, "the first line must be HELLO with a token", fatal: true))
            return
        }
        do throws(LineFailure) {
            let header = try BlobHeader(parsing: line)
            state = header.byteCount > blobLimit ? .skipping(header, left: header.byteCount) : .blob(header)
        } catch {
            fail(context, error.id, error.error)
        }
    }

    private func decodeBlobEnd(
        _ context: ChannelHandlerContext,
        _ buffer: inout ByteBuffer,
        _ header: BlobHeader,
        _ bytes: [UInt8]?
    ) -> DecodingState {
        guard let byte = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return .needMoreData }
        if byte == UInt8(ascii: "\r") {
            guard let next = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return .needMoreData }
            if next == UInt8(ascii: "\n") { buffer.moveReaderIndex(forwardBy: 1) }
        }
        guard buffer.readInteger(as: UInt8.self) == UInt8(ascii: "\n") else {
            let what = "\(header.byteCount) bytes of blob \(header.index) are not followed by a line end"
            fail(context, header.id, RequestError(.badLine, what, fatal: true))
            return .continue
        }
        state = .line
        context.fireChannelRead(wrapInboundOut(.blob(header, bytes: bytes)))
        return .continue
    }

    private func failLong(_ context: ChannelHandlerContext) {
        let what = "a line is longer than \(lineLimit) bytes; send pictures as blobs"
        fail(context, nil, RequestError(.lineTooLong, what, fatal: true))
    }

    private func fail(_ context: ChannelHandlerContext, _ id: RequestId?, _ error: RequestError) {
        if error.fatal {
            state = .deaf
            scanned = 0
        }
        context.fireChannelRead(wrapInboundOut(.broken(LineFailure(id: id, error: error))))
    }
}
