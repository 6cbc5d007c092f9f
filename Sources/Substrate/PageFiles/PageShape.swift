/// What all pages of one directory have in common: how large they are, and what their bytes depend on besides tokens.
package struct PageShape: Sendable, Equatable {
    package let layers: Int
    /// Bytes of a page in one layer.
    package let layerBytes: Int
    /// A SHA-256 of everything that keys and values depend on besides what a page's key names.
    package let identity: [UInt8]

    package init(layers: Int, layerBytes: Int, identity: [UInt8]) {
        precondition(layers >= 1 && layerBytes >= 1 && identity.count == 32, "pages of \(layers) × \(layerBytes) bytes")
        (self.layers, self.layerBytes, self.identity) = (layers, layerBytes, identity)
    }

    package var fileBytes: Int { PageHeader.byteCount(layers: layers) + layers * layerBytes }
    /// What a file takes of a disk at least.
    package var diskBytes: Int { (fileBytes + 4095) / 4096 * 4096 }

    /// The identity in 32 hexadecimal digits, for names of directories.
    var name: String {
        let digits = Array("0123456789abcdef")
        return String(identity.prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
