/// Other protocols that come to the line port by mistake, or on purpose.
///
/// A web page can make a browser POST to any port of its user's machine. Where a line that is not understood is only
/// answered with an error, the lines of the page's body are carried out. So a line that begins like HTTP or TLS ends the
/// connection, before anything behind it is looked at.
enum ForeignProtocol: String, Sendable {
    case http = "HTTP"
    case tls = "TLS"

    /// What a line is taken for by the bytes of it that are there, which need not be all.
    ///
    /// - Parameter isWhole: whether it is the line without its end.
    init?(line: some Collection<UInt8>, isWhole: Bool) {
        if line.prefix(2).elementsEqual([0x16, 0x03]) {
            self = .tls
        } else if Self.beginsLikeHTTP(line) || (isWhole && Self.endsLikeHTTP(line)) {
            self = .http
        } else {
            return nil
        }
    }

    /// First words of HTTP's lines, the blank behind them included; none is a verb of ours.
    private static let words = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI ", "HOST:",
    ].map { Array($0.utf8) }
    private static let longestWord = 8

    private static func beginsLikeHTTP(_ line: some Collection<UInt8>) -> Bool {
        let start = line.prefix(longestWord).map(upperCased)
        return words.contains { start.starts(with: $0) }
    }

    /// Whether it is a request line of any method, `METHOD target HTTP/1.1`.
    ///
    /// No line of ours ends so, since it ends in an id or an object.
    private static func endsLikeHTTP(_ line: some Collection<UInt8>) -> Bool {
        let end = Array(line.suffix(9)).map(upperCased)
        guard end.count == 9, end.starts(with: Array(" HTTP/".utf8)) else { return false }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        return isDigit(end[6]) && end[7] == UInt8(ascii: ".") && isDigit(end[8])
    }

    static func upperCased(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte - 0x20 : byte }
}
