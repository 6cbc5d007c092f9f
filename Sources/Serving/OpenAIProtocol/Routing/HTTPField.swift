/// One header of a request or a response.
package struct HTTPField: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// A whole response.
package struct HTTPReply: Sendable, Equatable {
    package var status: Int
    package var fields: [HTTPField]
    package var body: [UInt8]

    package init(status: Int = 200, fields: [HTTPField] = [], type: String?, body: [UInt8]) {
        self.status = status
        self.fields = (type.map { [HTTPField("content-type", $0)] } ?? []) + fields
        self.body = body
    }

    /// An answer in JSON.
    package init(status: Int = 200, fields: [HTTPField] = [], json: [UInt8]) {
        self.init(status: status, fields: fields, type: "application/json", body: json)
    }
}
