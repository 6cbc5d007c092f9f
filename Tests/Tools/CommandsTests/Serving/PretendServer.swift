import Foundation
import Glibc

/// A server that says what it is told to, on a Unix socket, to one client.
final class PretendServer: @unchecked Sendable {
    // Safe because everything is set before the thread starts.
    let path: String
    private let listener: Int32

    static let greeting =
        #"FLOTILLA/1 {"auth":false,"max_blob":1000,"max_context":1000,"max_images":1,"max_inflight":1,"max_line":1000,"#
        + #""model":"demo","ranks":{"decoder":1,"vision":1},"server":"flotilla 0.1.0","state":"ready"}"#

    /// Greets, waits for a line, answers with `lines`, and closes.
    init(in directory: URL, answering lines: [String]) {
        path = directory.appendingPathComponent("pretend-\(UInt32.random(in: 0 ... .max))").path
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listen(listener, 1)
        let thread = Thread {
            let client = accept(listener, nil, nil)
            Self.say(Self.greeting, to: client)
            var byte: UInt8 = 0
            while read(client, &byte, 1) == 1, byte != 10 {}
            for line in lines { Self.say(line, to: client) }
            // The client goes first, so that nothing is lost.
            while read(client, &byte, 1) == 1 {}
            close(client)
        }
        thread.start()
    }

    deinit { close(listener) }

    private static func say(_ line: String, to client: Int32) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

/// A terminal that a program writes to, and what it got.
final class PretendTerminal {
    private let master: Int32
    let side: FileHandle

    init() {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // TIOCSPTLCK and TIOCGPTPEER: Glibc's module shows neither them nor unlockpt and ptsname.
        var isLocked: Int32 = 0
        _ = ioctl(master, 0x4004_5431, &isLocked)
        side = FileHandle(fileDescriptor: ioctl(master, 0x5441, O_RDWR | O_NOCTTY), closeOnDealloc: false)
    }

    deinit { close(master) }

    /// Everything that was written; the program has ended.
    func text() -> String {
        close(side.fileDescriptor)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(master, &piece, piece.count)
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}
