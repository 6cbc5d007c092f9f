/// A digest by which ranks on different machines find out that they do not hold the same checkpoint.
///
/// 64-bit FNV-1a over the configuration files, and of each weight file the name, the length, the header and
/// samples of the weights. The samples tell the models of a family apart, whose configurations and headers are
/// equal byte for byte; every sample is a page from the disk, and reading everything would cost minutes. It finds
/// mistakes, not forgeries.
struct Fingerprint {
    private static let samples = 16
    private static let sampleBytes = 64

    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    static func of(configuration: [MappedFile], weights: [SafetensorsFile]) -> UInt64 {
        var fingerprint = Fingerprint()
        for file in configuration {
            fingerprint.add(UInt64(file.bytes.count))
            fingerprint.add(file.bytes)
        }
        for file in weights { fingerprint.add(file) }
        return fingerprint.value
    }

    private mutating func add(_ file: SafetensorsFile) {
        let bytes = file.mapping.bytes
        add(Array(file.mapping.name.utf8))
        add(UInt64(bytes.count))
        add(UnsafeRawBufferPointer(rebasing: bytes[file.headerRange]))
        let start = file.headerRange.upperBound
        let stride = max((bytes.count - start) / Self.samples, Self.sampleBytes)
        for position in Swift.stride(from: start, to: bytes.count, by: stride) {
            add(UnsafeRawBufferPointer(rebasing: bytes[position..<min(position + Self.sampleBytes, bytes.count)]))
        }
    }

    private mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { add($0) }
    }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
