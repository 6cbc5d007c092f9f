import Testing

@testable import Coordinator

struct HTTPDateTests {
    /// Written by Python's `email.utils.formatdate(…, usegmt=True)`.
    @Test(
        "The date is written as RFC 9110 has it",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ]
    )
    func dates(seconds: Int, text: String) {
        var date = HTTPDate()
        #expect(date.text(at: seconds) == text)
        #expect(date.text(at: seconds) == text)
        #expect(date.text(at: seconds + 1) != text)
    }
}
