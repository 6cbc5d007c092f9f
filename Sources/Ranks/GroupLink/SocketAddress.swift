import Foundation

/// An address of the kernel's socket calls.
struct SocketAddress {
    let family: Int32
    private var storage: sockaddr_storage
    private let length: socklen_t

    /// The addresses of `host`, in the resolver's order.
    static func resolve(
        host: String,
        port: UInt16,
        passive: Bool = false
    ) throws(LinkError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = passive ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else { throw .unknownHost(host, String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0 }.compactMap { entry in
            SocketAddress(copying: entry.pointee.ai_addr, length: entry.pointee.ai_addrlen)
        }
    }

    /// The address that a socket is bound to.
    static func local(of descriptor: Int32) -> SocketAddress? { end(of: descriptor, getsockname) }

    /// The address that a socket is connected to.
    static func peer(of descriptor: Int32) -> SocketAddress? { end(of: descriptor, getpeername) }

    private static func end(
        of descriptor: Int32,
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard ask(descriptor, address, &length) == 0 else { return nil }
                return SocketAddress(copying: address, length: length)
            }
        }
    }

    init?(copying address: UnsafePointer<sockaddr>?, length: socklen_t) {
        guard let address, length <= MemoryLayout<sockaddr_storage>.size else { return nil }
        storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: .init(start: address, count: Int(length))) }
        self.length = length
        family = Int32(address.pointee.sa_family)
    }

    func withPointer<T>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    var port: UInt16? { numeric().flatMap { UInt16($0.service) } }

    /// The address in digits.
    var host: String? { numeric()?.host }

    private func numeric() -> (host: String, service: String)? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let (hostSize, serviceSize) = (socklen_t(host.count), socklen_t(service.count))
        let status = withPointer { address, length in
            getnameinfo(address, length, &host, hostSize, &service, serviceSize, NI_NUMERICHOST | NI_NUMERICSERV)
        }
        return status == 0 ? (text(host), text(service)) : nil
    }

    private func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
