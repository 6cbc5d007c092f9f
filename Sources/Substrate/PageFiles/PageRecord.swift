internal import Digests
internal import Glibc
internal import Requests

/// One page in one file, under its key: written beside and renamed, so that a name stands for a whole page or for none.
struct PageRecord {
    let directory: String
    let shape: PageShape
    let key: PageKey

    static let suffix = ".page"
    static let unfinishedSuffix = ".part"

    private var path: String { "\(directory)/\(key.name)\(Self.suffix)" }
    private var unfinished: String { "\(directory)/\(key.name)\(Self.unfinishedSuffix)" }

    /// - Parameter layers: the page's bytes in each layer.
    func write(_ layers: [UnsafeRawBufferPointer]) throws(PageFailure) {
        let header = PageHeader(shape, key, checksums: layers.map { CRC32.of($0) }).bytes
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PageFailure(errno: errno) }
        var failure = header.withUnsafeBytes { Self.write($0, to: descriptor) }
        for layer in layers where failure == nil { failure = Self.write(layer, to: descriptor) }
        // Some file systems say only here that there was no room.
        if close(descriptor) != 0, failure == nil { failure = PageFailure(errno: errno) }
        if failure == nil, rename(unfinished, path) != 0 { failure = PageFailure(errno: errno) }
        guard let failure else { return }
        unlink(unfinished)
        throw failure
    }

    /// Reads the page to where it belongs; after a failure anything may stand there.
    func read(into layers: [UnsafeMutableRawBufferPointer]) throws(PageFailure) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw PageFailure(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .foreign }
        guard Int(status.st_size) == shape.fileBytes else { throw .truncated }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        var bytes = [UInt8](repeating: 0, count: PageHeader.byteCount(layers: shape.layers))
        if let failure = bytes.withUnsafeMutableBytes({ Self.read($0, from: descriptor) }) { throw failure }
        let header = try PageHeader(bytes, of: key, shape)
        for (layer, checksum) in zip(layers, header.checksums) {
            if let failure = Self.read(layer, from: descriptor) { throw failure }
            guard CRC32.of(UnsafeRawBufferPointer(layer)) == checksum else { throw .damaged }
        }
        // It was of use: the next start sees it among the last that should go.
        futimens(descriptor, nil)
    }

    func remove() { unlink(path) }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> PageFailure? {
        var left = bytes
        while let base = left.baseAddress, left.count > 0 {
            let count = Glibc.write(descriptor, base, left.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return PageFailure(errno: count < 0 ? errno : ENOSPC) }
            left = UnsafeRawBufferPointer(rebasing: left[count...])
        }
        return nil
    }

    private static func read(_ bytes: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> PageFailure? {
        var left = bytes
        while let base = left.baseAddress, left.count > 0 {
            let count = Glibc.read(descriptor, base, left.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? PageFailure(errno: errno) : .truncated }
            left = UnsafeMutableRawBufferPointer(rebasing: left[count...])
        }
        return nil
    }
}

extension PageKey {
    /// The key in 32 hexadecimal digits.
    var name: String { Self.digits(high) + Self.digits(low) }

    /// Reads what ``name`` writes; `nil` for any other text.
    init?(name: Substring) {
        let digits = name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard digits, name.utf8.count == 32, let high = UInt64(name.prefix(16), radix: 16),
            let low = UInt64(name.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
