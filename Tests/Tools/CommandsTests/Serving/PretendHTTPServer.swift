import Foundation
import Glibc

/// A server of OpenAI's API that answers as a test tells it, over connections that are kept.
final class PretendHTTPServer: @unchecked Sendable {
    // Safe because what changes is touched under the lock.
    struct Request: Sendable {
        let head: String
        let body: String
    }

    let port: Int
    private let listener: Int32
    private let lock = NSLock()
    private var seen: [Request] = []
    private var accepted = 0

    /// - Parameter answer: the bytes for a request, by how many came before it; nothing more than `nil` hangs up.
    init(answer: @escaping @Sendable (Request, _ number: Int) -> String?) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, size)
                _ = getsockname(listener, $0, &size)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        listen(listener, 64)
        Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                lock.withLock { accepted += 1 }
                Thread { self.serve(client, answer) }.start()
            }
        }
        .start()
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var requests: [Request] { lock.withLock { seen } }
    var connections: Int { lock.withLock { accepted } }

    private func serve(_ client: Int32, _ answer: (Request, Int) -> String?) {
        defer { close(client) }
        var buffer: [UInt8] = []
        while let request = Self.next(&buffer, client) {
            let number = lock.withLock {
                seen.append(request)
                return seen.count - 1
            }
            guard let text = answer(request, number) else { return }
            let bytes = Array(text.utf8)
            _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if text.contains("\r\nconnection: close\r\n") { return }
        }
    }

    private static func next(_ buffer: inout [UInt8], _ client: Int32) -> Request? {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let text = String(decoding: buffer, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                let length = line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                let start = head.utf8.count + 4
                if buffer.count >= start + length {
                    let body = String(decoding: buffer[start..<start + length], as: UTF8.self)
                    buffer.removeSubrange(..<(start + length))
                    return Request(head: head, body: body)
                }
            }
            let count = recv(client, &piece, piece.count, 0)
            if count <= 0 { return nil }
            buffer += piece[..<count]
        }
    }

    /// An answer that is not streamed.
    static func json(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// A streamed answer of so many pieces of text.
    static func stream(_ pieces: Int, tokens: Int) -> String {
        var events = [#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#]
        events += Array(repeating: #"{"choices":[{"delta":{"content":"x"}}]}"#, count: pieces)
        events.append(#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)
        events.append(#"{"choices":[],"usage":{"completion_tokens":\#(tokens)}}"#)
        events.append("[DONE]")
        let chunks = events.map { event -> String in
            let text = "data: \(event)\n\n"
            return String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n"
        }
        return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
            + chunks.joined() + "0\r\n\r\n"
    }
}
