/// Where a file keeps its EXIF block, and the one tag of it that is read here.
///
/// The bytes are a stranger's: every offset is checked, and no walk takes more steps than the file has parts.
enum ExifBlock {
    /// The block of a file, from its byte order on; `nil` if it has none.
    static func find(in file: UnsafeRawBufferPointer, _ format: ImageFormat) -> [UInt8]? {
        let block: [UInt8]? =
            switch format {
            case .jpeg: jpeg(file)
            case .png: png(file)
            case .webp: webp(file)
            }
        // PNG and WebP need no such mark, but some programs write it there too.
        guard var rest = block?[...] else { return nil }
        while rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
        return Array(rest)
    }

    private static let mark: [UInt8] = Array("Exif\0\0".utf8)

    /// The number of tag 0x0112 in the first directory of a block.
    static func orientation(_ block: [UInt8]) -> Int? {
        block.withUnsafeBytes { bytes in
            let isLittle = bytes.starts(with: [0x49, 0x49, 0x2A, 0x00])
            guard isLittle || bytes.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) else { return nil }
            let reader = ByteReader(bytes: bytes, isLittle: isLittle)
            guard let directory = reader.number(at: 4, bytes: 4), let count = reader.number(at: directory, bytes: 2)
            else { return nil }
            for entry in 0..<count {
                let place = directory + 2 + 12 * entry
                guard let tag = reader.number(at: place, bytes: 2), let type = reader.number(at: place + 2, bytes: 2),
                    let values = reader.number(at: place + 4, bytes: 4)
                else { return nil }
                // 3 is an unsigned short, 4 an unsigned long; of several values the first counts.
                guard tag == 0x0112, values > 0, let size = [3: 2, 4: 4][type] else { continue }
                let inline = place + 8
                let start = values * size <= 4 ? inline : reader.number(at: inline, bytes: 4) ?? bytes.count
                guard start + values * size <= bytes.count else { continue }
                return reader.number(at: start, bytes: size)
            }
            return nil
        }
    }

    // MARK: - Where it lies

    /// Segments up to the first scan; a block that is too large for one segment goes on in the next of its kind.
    private static func jpeg(_ file: UnsafeRawBufferPointer) -> [UInt8]? {
        let reader = ByteReader(bytes: file, isLittle: false)
        var block: [UInt8]?
        var place = 2
        while let prefix = reader.number(at: place, bytes: 1) {
            guard prefix == 0xFF, let code = reader.number(at: place + 1, bytes: 1) else {
                place += 1
                continue
            }
            place += 2
            switch code {
            case 0xFF: place -= 1
            case 0x00, 0x01, 0xD0...0xD8: continue
            case 0xD9, 0xDA: return block
            default:
                guard let length = reader.number(at: place, bytes: 2), length >= 2 else { return block }
                let segment = file.dropFirst(place + 2).prefix(length - 2)
                if code == 0xE1, segment.starts(with: mark) {
                    if block == nil { block = [] }
                    block?.append(contentsOf: segment.dropFirst(mark.count))
                }
                place += length
            }
        }
        return block
    }

    /// The chunk `eXIf`, which may stand before or after the picture.
    private static func png(_ file: UnsafeRawBufferPointer) -> [UInt8]? {
        let reader = ByteReader(bytes: file, isLittle: false)
        var place = 8
        while let length = reader.number(at: place, bytes: 4), place + 8 + length <= file.count {
            let name = file[place + 4..<place + 8]
            if name.elementsEqual("eXIf".utf8) { return Array(file[place + 8..<place + 8 + length]) }
            if name.elementsEqual("IEND".utf8) { return nil }
            place += 12 + length
        }
        return nil
    }

    /// The chunk `EXIF` of the extended format, where its header says that there is one.
    private static func webp(_ file: UnsafeRawBufferPointer) -> [UInt8]? {
        let reader = ByteReader(bytes: file, isLittle: true)
        guard file.dropFirst(12).starts(with: "VP8X".utf8), let flags = reader.number(at: 20, bytes: 1), flags & 8 != 0
        else { return nil }
        var place = 12
        while let length = reader.number(at: place + 4, bytes: 4), place + 8 + length <= file.count {
            if file[place..<place + 4].elementsEqual("EXIF".utf8) {
                return Array(file[place + 8..<place + 8 + length])
            }
            place += 8 + length + length % 2
        }
        return nil
    }
}

/// Unsigned numbers at places that may lie outside.
private struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    let isLittle: Bool

    func number(at place: Int, bytes count: Int) -> Int? {
        guard place >= 0, place <= bytes.count - count else { return nil }
        var value = 0
        for index in 0..<count {
            value = value << 8 | Int(bytes[place + (isLittle ? count - 1 - index : index)])
        }
        return value
    }
}
