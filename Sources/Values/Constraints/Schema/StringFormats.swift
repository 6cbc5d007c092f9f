/// The values of `format` that are known, as patterns of a whole text.
///
/// Each stands for texts that are of the format, not always for all of them: years have four digits, seconds end at
/// 59, names of hosts three parts.
enum StringFormats {
    static let patterns: [String: String] = [
        "date": date,
        "time": time,
        "date-time": "\(date)T\(time)",
        "duration": duration,
        "email": "\(local)(?:\\.\(local))*@\(label)(?:\\.\(label)){1,2}",
        "hostname": "\(label)(?:\\.\(label)){0,2}",
        "ipv4": ipv4,
        "ipv6": ipv6,
        "uuid": "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        "uri": uri,
        "json-pointer": "(?:/(?:[^~/]|~[01])*)*",
    ]

    /// For an error that says what would be taken.
    static var names: String { patterns.keys.sorted().joined(separator: ", ") }

    // Month by month, and 29 February in leap years; there is no year 0.
    private static let year = #"(?:\d{3}[1-9]|\d{2}[1-9]0|\d[1-9]00|[1-9]000)"#
    private static let fourth = "(?:0[48]|[2468][048]|[13579][26])"
    private static let date =
        #"(?:\#(year)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"#
        + #"|02-(?:0[1-9]|1\d|2[0-8]))|(?:\d\d\#(fourth)|\#(fourth)00)-02-29)"#
    private static let clock = #"(?:[01]\d|2[0-3]):[0-5]\d"#
    private static let time = #"\#(clock):[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\#(clock))"#

    private static let spell = #"(?:\d{1,9}H(?:\d{1,9}M(?:\d{1,9}S)?)?|\d{1,9}M(?:\d{1,9}S)?|\d{1,9}S)"#
    private static let days = #"(?:\d{1,9}Y(?:\d{1,9}M(?:\d{1,9}D)?)?|\d{1,9}M(?:\d{1,9}D)?|\d{1,9}D)"#
    private static let duration = #"P(?:\d{1,9}W|\#(days)(?:T\#(spell))?|T\#(spell))"#

    private static let local = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    // No two hyphens in a row, as what begins with xn-- has rules of its own.
    private static let label = "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,30}"

    private static let octet = #"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"#
    private static let ipv4 = #"\#(octet)(?:\.\#(octet)){3}"#
    private static let group = "[0-9a-fA-F]{1,4}"
    private static let ipv6: String = {
        var forms = ["\(group)(?::\(group)){7}"]
        // `before` groups, two colons for at least one group of zeros, and what is left.
        for before in 0...6 {
            let left = before == 0 ? "" : "\(group)(?::\(group)){\(before - 1)}"
            let most = 6 - before
            forms.append("\(left)::" + (most == 0 ? "(?:\(group))?" : "(?:\(group)(?::\(group)){0,\(most)})?"))
        }
        forms.append("\(group)(?::\(group)){6}::")
        return "(?:\(forms.joined(separator: "|")))"
    }()

    private static let encoded = "%[0-9A-Fa-f]{2}"
    private static let path = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|\(encoded))"
    private static let host = "(?:[A-Za-z0-9._~-]|\(encoded))+"
    private static let uri =
        "[A-Za-z][A-Za-z0-9+.-]*://\(host)(?::[0-9]{1,5})?(?:/\(path)*)*(?:\\?(?:\(path)|[/?])*)?(?:#(?:\(path)|[/?])*)?"
}
