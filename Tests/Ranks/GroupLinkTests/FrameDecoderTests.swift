import Foundation
import Testing

@testable import GroupLink

struct FrameDecoderTests {
    private let small = Frame(json: Data("{\"ping\":{\"number\":7}}".utf8))
    private let large = Frame(json: Data("{}".utf8), attachment: Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) }))

    private func decode(_ pieces: [Data], limits: LinkLimits = LinkLimits()) throws(LinkError) -> [Frame] {
        var decoder = FrameDecoder(limits: limits)
        var frames: [Frame] = []
        for piece in pieces { try decoder.feed(piece) { frames.append($0) } }
        return frames
    }

    @Test func framesArriveWholeWhereverTheBytesAreCut() throws {
        let bytes = Data((small.chunks() + large.chunks() + small.chunks()).joined())
        for cut in 0...bytes.count {
            #expect(try decode([bytes.prefix(cut), bytes.dropFirst(cut)]) == [small, large, small])
        }
        #expect(try decode(bytes.map { Data([$0]) }) == [small, large, small])
    }

    @Test func theHeaderIsLittleEndianLengthThenKind() {
        #expect(Array(small.chunks()[0].prefix(5)) == [20, 0, 0, 0, 1].map { $0 == 20 ? UInt8(small.json.count) : $0 })
        #expect(Array(large.chunks()[0].prefix(9)) == [0xEE, 0x03, 0, 0, 2, 2, 0, 0, 0])
    }

    @Test(arguments: [
        [0xFF, 0xFF, 0xFF, 0xFF, 1], [0xFF, 0xFF, 0xFF, 0xFF, 2], [0, 0, 0, 0, 1], [4, 0, 0, 0, 3], [4, 0, 0, 0, 0],
        [2, 0, 0, 0, 2, 0, 0], [6, 0, 0, 0, 2, 3, 0, 0, 0, 1, 1], [6, 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1],
    ])
    func whatIsNoFrameIsRefused(_ bytes: [UInt8]) {
        #expect(throws: LinkError.self) { try decode([Data(bytes)]) }
    }

    @Test("The largest picture that serve's --max-blob allows fits into a frame")
    func largestPicture() throws {
        #expect(try decode([large.head(attachmentBytes: 1 << 28)]).isEmpty)
    }

    @Test func aLengthOverTheLimitIsRefusedBeforeItsBytesCome() throws {
        var limits = LinkLimits()
        limits.messageBytes = 100
        limits.attachedBytes = 1000
        #expect(try decode([Data([100, 0, 0, 0, 1])], limits: limits).isEmpty)
        #expect(throws: LinkError.badFrame("a frame of 101 bytes, where 1...100 are allowed")) {
            try decode([Data([101, 0, 0, 0, 1])], limits: limits)
        }
        #expect(throws: LinkError.self) { try decode([Data([0xE9, 3, 0, 0, 2])], limits: limits) }
    }
}

extension FrameDecoder {
    mutating func feed(_ data: Data, deliver: (Frame) -> Void) throws(LinkError) {
        let bytes = [UInt8](data)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        try feed(UnsafeRawBufferPointer(copy)) { (frame: Frame) throws(LinkError) in deliver(frame) }
    }
}
