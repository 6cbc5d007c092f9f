import Testing
import WireProtocol

@testable import ServerClient

struct EventRouterTests {
    static func all(_ stream: AsyncStream<ServerEvent>) async -> [String] {
        var lines: [String] = []
        for await event in stream { lines.append(event.line) }
        return lines
    }

    @Test("Events go to their request, in order, until its end; the connection's errors to everybody")
    func routing() async {
        let router = EventRouter()
        let (a, b) = (router.open("a"), router.open("b"))
        let lines = [
            #"TEXT a {"ids":[1],"text":"x"}"#, #"NOTE {"state":"draining"}"#, #"TEXT b {"ids":[2],"text":"y"}"#,
            #"TEXT c {"ids":[2],"text":"nobody's"}"#, #"OK b {}"#,
            #"ERR - {"blame":"client","code":"BAD_LINE","fatal":false,"message":"m","retriable":false}"#,
            #"TEXT b {"ids":[3],"text":"late"}"#,
        ]
        for line in lines { router.take(line) }
        router.end()
        #expect(await Self.all(a) == [lines[0], lines[5]])
        #expect(await Self.all(b) == [lines[2], lines[4]])
        #expect(await Self.all(router.open("d")) == [], "nothing comes over a connection that has ended")
    }

    @Test("The first line must be a greeting")
    func greeting() async {
        let router = EventRouter()
        router.take("HTTP/1.1 400 Bad Request")
        #expect(await router.first() == nil)
        #expect(router.lastLine == "HTTP/1.1 400 Bad Request")
    }
}
