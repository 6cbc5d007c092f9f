import Testing

@testable import Tokenization

@Suite struct TokenTableTests {
    @Test func `Names, ids and bytes are found again`() {
        var table = TokenTable()
        for id in Int32(0)..<5_000 { #expect(table.insert("token\(id)", id: id * 2) == nil) }
        for id in Int32(0)..<5_000 {
            #expect(table.id(of: "token\(id)") == id * 2)
            #expect(table.name(of: id * 2) == "token\(id)")
            #expect(table.name(of: id * 2 + 1) == nil)
        }
        #expect(table.size == 9_999)
        #expect(table.id(of: "token") == nil)
    }

    @Test func `A name or an id that is taken is said`() {
        var table = TokenTable()
        #expect(table.insert("a", id: 1) == nil)
        #expect(table.insert("a", id: 1) == nil)
        #expect(table.insert("a", id: 2)?.contains("1") == true)
        #expect(table.insert("b", id: 1)?.contains("a") == true)
    }

    @Test func `Byte-level names decode to bytes and other names to themselves`() {
        var table = TokenTable()
        #expect(table.insert("Ġthe", id: 0) == nil)
        #expect(table.insert("Ð", id: 1) == nil)
        #expect(table.insert("字Ġ", id: 2) == nil)
        var bytes: [UInt8] = []
        for id in Int32(0)..<3 { table.appendBytes(of: id, to: &bytes) }
        #expect(bytes == Array(" the".utf8) + [0xD0] + Array("字Ġ".utf8))
    }

    @Test func `The byte alphabet names every byte once`() {
        #expect(Set((UInt8.min...UInt8.max).map(ByteAlphabet.name)).count == 256)
        for byte in UInt8.min...UInt8.max {
            var bytes: [UInt8] = []
            ByteAlphabet.name(of: byte).withUnsafeBufferPointer { ByteAlphabet.appendBytes(of: $0, to: &bytes) }
            #expect(bytes == [byte])
        }
    }
}
