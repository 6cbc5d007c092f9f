import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("SafetensorsFile")
struct SafetensorsFileTests {
    static func open(_ data: Data) throws -> SafetensorsFile {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("x.safetensors")
            try data.write(to: file)
            return try SafetensorsFile(MappedFile(file))
        }
    }

    /// A file with this header text and `payload` zero bytes.
    static func data(_ header: String, payload: Int) -> Data {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
            + Data(count: payload)
    }

    @Test("records come with their ranges, in any order, with padding and metadata")
    func reads() throws {
        let header = """
            {"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},\
            "a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"none":{"dtype":"F32","shape":[0,7],\
            "data_offsets":[4,4]},"odd":{"dtype":"F4","shape":[3],"data_offsets":[28,30]}}      
            """
        let file = try Self.open(Self.data(header, payload: 30))
        let start = 8 + header.utf8.count
        #expect(file.records.count == 4)
        #expect(file.records["b"]?.byteRange == start + 4..<start + 28)
        #expect(file.records["b"]?.shape == [2, 3])
        #expect(file.records["none"]?.byteRange.isEmpty == true)
    }

    static let refused: [(String, Int)] = [
        ("", 0),
        ("[]", 0),
        ("{\"a\":1}", 0),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 4),
        (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4),
        (#"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
                + #""b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            6
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
                + #""a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
            4
        ),
    ]

    @Test("a header that contradicts itself or the file is refused", arguments: refused)
    func refuses(header: String, payload: Int) {
        #expect(throws: CheckpointError.self) { try Self.open(Self.data(header, payload: payload)) }
    }

    @Test("a file that is cut short names the tensor and both lengths")
    func truncated() {
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        let size = 8 + header.utf8.count
        let error = CheckpointError.truncated(
            file: "x.safetensors",
            tensor: "a",
            expectedBytes: size + 8,
            foundBytes: size + 5
        )
        #expect(throws: error) { try Self.open(Self.data(header, payload: 5)) }
    }

    @Test("a header length beyond the file is refused", arguments: [UInt64(9), 100_000_001, 1 << 63, .max])
    func headerLength(length: UInt64) {
        let data = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
        #expect(throws: CheckpointError.self) { try Self.open(data) }
    }

    @Test("fewer than eight bytes are not a file", arguments: [0, 1, 7])
    func tooShort(count: Int) {
        #expect(throws: CheckpointError.self) { try Self.open(Data(count: count)) }
    }
}
