import Diagnostics
import Foundation
import ImagePreprocessing
import WireProtocol

/// What a conversation calls a picture: a path, a `file:` address, or the bytes themselves as a `data:` address.
struct PictureName {
    let text: String

    /// The name of a picture whose bytes came with the conversation.
    static func data(_ bytes: [UInt8]) -> String { "data:;base64,\(Data(bytes).base64EncodedString())" }

    /// The name as a person can read it.
    var shown: String { isData ? "the picture's data" : String(text.prefix(200)) }

    private var isData: Bool { hasScheme("data:") }

    private func hasScheme(_ scheme: String) -> Bool { text.prefix(scheme.count).lowercased() == scheme }

    /// The picture's bytes.
    ///
    /// - Parameter directory: what a path is relative to.
    func bytes(in directory: URL) throws -> [UInt8] {
        if isData { return try dataBytes() }
        if hasScheme("http://") || hasScheme("https://") {
            throw UsageError(
                "\(shown): nothing is fetched from a network",
                hint: "download the picture and give its path"
            )
        }
        if hasScheme("file://") { return try ImageFile.read(try filePath()) }
        let isAbsolute = text.hasPrefix("/")
        return try ImageFile.read(isAbsolute ? text : directory.appendingPathComponent(text).path)
    }

    private func dataBytes() throws -> [UInt8] {
        guard let comma = text.firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64") else {
            throw UsageError("\(shown) is no data: address with base64", hint: "such as data:image/png;base64,iVBORw…")
        }
        var base64 = String(text[text.index(after: comma)...])
        guard let bytes = base64.withUTF8({ Base64.decode($0) }) else {
            throw UsageError("\(shown) is not base64")
        }
        return bytes
    }

    /// The path of `file:///tmp/a%20b.png`; a host other than this one would have to be asked.
    private func filePath() throws -> String {
        let rest = text.dropFirst("file://".count)
        let host = rest.prefix { $0 != "/" }
        guard host.isEmpty || host.lowercased() == "localhost" else {
            throw UsageError(
                "\(shown) is on the host \(host)",
                hint: "file: addresses of this host begin with file:///"
            )
        }
        guard let path = rest.dropFirst(host.count).removingPercentEncoding, !path.isEmpty, !path.utf8.contains(0)
        else {
            throw UsageError("\(shown) names no file")
        }
        return path
    }
}
