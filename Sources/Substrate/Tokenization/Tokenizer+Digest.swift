internal import Digests

extension Tokenizer {
    /// SHA-256, in hexadecimal digits, over what an answer's tokens mean: the bytes of every id, which of them are added, and
    /// the ids that steer.
    ///
    /// It does not depend on the layout of the files. How text is cut into tokens is not in it: a receipt has ids.
    package func digest() -> String {
        var bytes: [UInt8] = []
        func add(_ number: Int32) { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
        for id in 0..<Int32(vocabularySize) {
            let start = bytes.count
            add(0)
            table.appendBytes(of: id, to: &bytes)
            let length = Int32(bytes.count - start - 4) << 1 | (textBytes(of: id).isEmpty ? 1 : 0)
            withUnsafeBytes(of: length.littleEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
        }
        for id in [control.imStart, control.imEnd, control.think, control.endThink, control.imgContext] { add(id) }
        for id in control.ends { add(id) }
        return SHA256.hex(bytes)
    }
}
