internal import Digests
import Foundation

/// Tells one build of an executable from another, whatever version both claim to be.
enum BuildIdentity {
    /// The identifier that the linker wrote into the file, a digest of all that it linked.
    ///
    /// Where there is none, a digest of the file; `nil` if it cannot be read.
    static func ofFile(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: headBytes) else {
            return nil
        }
        if let identifier = linkerIdentifier(head) { return identifier }
        guard let rest = try? file.readToEnd() ?? Data() else { return nil }
        return SHA256.hex([UInt8](head + rest))
    }

    /// Where linkers write what is read first.
    private static let headBytes = 256 << 10

    /// The note of type 3 by `GNU` in a 64-bit ELF file: `NT_GNU_BUILD_ID`.
    static func linkerIdentifier(_ file: Data) -> String? {
        guard file.prefix(6).elementsEqual([0x7F, 0x45, 0x4C, 0x46, 2, 1]), let table = file.number(at: 32, bytes: 8),
            let entryBytes = file.number(at: 54, bytes: 2), let count = file.number(at: 56, bytes: 2)
        else { return nil }
        for entry in 0..<count {
            let place = table + entry * entryBytes
            guard file.number(at: place, bytes: 4) == 4, let start = file.number(at: place + 8, bytes: 8),
                let length = file.number(at: place + 32, bytes: 8)
            else { continue }
            if let found = identifier(inNotes: start, length: length, of: file) { return found }
        }
        return nil
    }

    private static func identifier(inNotes start: Int, length: Int, of file: Data) -> String? {
        var place = start
        while place + 12 <= start + length {
            guard let nameBytes = file.number(at: place, bytes: 4), let bytes = file.number(at: place + 4, bytes: 4),
                let type = file.number(at: place + 8, bytes: 4)
            else { return nil }
            let name = place + 12
            let content = name + (nameBytes + 3) / 4 * 4
            guard content + bytes <= file.count else { return nil }
            if type == 3, file[name..<(name + nameBytes)].elementsEqual(Array("GNU\0".utf8)), bytes > 0 {
                return file[content..<(content + bytes)].map { String(format: "%02x", $0) }.joined()
            }
            place = content + (bytes + 3) / 4 * 4
        }
        return nil
    }
}

extension Data {
    /// A little-endian number, `nil` outside of the file or where it is absurd.
    fileprivate func number(at place: Int, bytes: Int) -> Int? {
        guard place >= 0, place <= count - bytes else { return nil }
        let value = (0..<bytes).reduce(UInt64(0)) { $0 | UInt64(self[place + $1]) << (8 * $1) }
        return value < 1 << 40 ? Int(value) : nil
    }
}
