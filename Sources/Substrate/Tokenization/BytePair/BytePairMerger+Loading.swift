extension BytePairMerger {
    /// Looks up the tokens of all bytes and of all merges.
    ///
    /// A merge that makes an added token is refused: plain text could then become a control token.
    init(_ files: TokenizerFiles, table: TokenTable, added: [AddedToken]) throws(TokenizerError) {
        let addedIDs = Set(added.map(\.id))
        var byteTokens: [Int32] = []
        for byte in UInt8.min...UInt8.max {
            let name = ByteAlphabet.name(of: byte)
            guard let id = name.withUnsafeBufferPointer({ table.id(of: $0) }), !addedIDs.contains(id) else {
                throw .invalid(
                    file: files.vocabularyFile,
                    field: String(decoding: name, as: UTF8.self),
                    expected: "a token for the byte \(byte)",
                    found: "none"
                )
            }
            byteTokens.append(id)
        }
        var merges = MergeTable(count: files.merges.count)
        for (rank, merge) in files.merges.enumerated() {
            func id(_ name: String) throws(TokenizerError) -> Int32 {
                if let id = table.id(of: name), !addedIDs.contains(id) { return id }
                throw .invalid(
                    file: files.mergesFile,
                    field: "merge \(rank): \(merge.left) \(merge.right)",
                    expected: "\"\(name)\" in \(files.vocabularyFile)",
                    found: table.id(of: name) == nil ? "no such token" : "an added token"
                )
            }
            let joined = try id(merge.left + merge.right)
            merges.insert(try id(merge.left), try id(merge.right), .init(rank: UInt32(rank), joined: joined))
        }
        self.init(byteTokens: byteTokens, merges: merges)
    }
}
