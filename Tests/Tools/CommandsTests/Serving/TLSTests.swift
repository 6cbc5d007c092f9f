import Foundation
import Requests
import TestSupport
import Testing

/// A server that speaks TLS, and those who come to it in every way.
@Suite("TLS", .serialized, .ownThread)
struct TLSTests {
    // MARK: - Certificates, made by openssl

    struct Pair {
        let certificate: String
        let key: String
        var options: [String] { ["--tls-cert", certificate, "--tls-key", key] }
    }

    /// A self-signed certificate for this machine.
    static func pair(_ name: String, in directory: URL, names: String = "DNS:localhost,IP:127.0.0.1") throws -> Pair {
        let files = ["pem", "key"].map { directory.appendingPathComponent("\(name).\($0)").path }
        let process = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-days", "30",
                "-out", files[0], "-keyout", files[1],
            ]
        )
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl makes certificates: apt-get install openssl")
        return Pair(certificate: files[0], key: files[1])
    }

    /// A certificate that has ended: only `openssl ca` takes dates.
    static func ended(in directory: URL) throws -> Pair {
        let script = """
            printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=y\\n\
            [y]\\ncommonName=supplied\\n' >conf
            touch index && echo 01 >serial
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=old -keyout old.key -out csr
            openssl ca -config conf -selfsign -batch -notext -startdate 20190101000000Z -enddate 20200101000000Z \
            -in csr -keyfile old.key -out old.pem
            """
        let process = try ChildProcess("bash", ["-ec", script], in: directory)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let files = ["old.pem", "old.key"].map { directory.appendingPathComponent($0).path }
        return Pair(certificate: files[0], key: files[1])
    }

    private static func run(_ program: String, _ arguments: [String], in directory: URL) throws -> (Int32, String) {
        let output = directory.appendingPathComponent(UUID().uuidString)
        let process = try ChildProcess(program, arguments, output: .file(output), errors: .file(output))
        process.waitUntilExit()
        return (process.terminationStatus, (try? String(contentsOf: output, encoding: .utf8)) ?? "")
    }

    private static func serve(_ pair: Pair, _ arguments: [String] = [], in directory: URL) throws -> ServerProcess {
        try ServerProcess(
            ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"] + pair.options + arguments,
            in: directory
        )
    }

    private static func ask(_ arguments: [String], in directory: URL) throws -> FlotillaProgram.Outcome {
        try FlotillaProgram.run(["ask"] + arguments + ["what is 3 plus 4?"], in: directory)
    }

    // MARK: - What is served

    @Test("ask, top, bench serve, curl and openssl over TLS; the same answer as over the Unix socket")
    func everybody() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let server = try Self.serve(pair, in: directory)
            let port = try server.port(after: "tls://")
            let lines = ["--server", "127.0.0.1:\(port)", "--tls-ca", pair.certificate]
            let asked = try Self.ask(lines, in: directory)
            let plain = try Self.ask(["--server", server.path], in: directory)
            #expect(asked.status == 0 && asked.output == plain.output && !plain.output.isEmpty, "\(asked.errors)")
            let named = try Self.ask(
                ["--server", "localhost:\(port)", "--tls-ca", pair.certificate],
                in: directory
            )
            #expect(named.status == 0, "\(named.errors)")
            let top = try FlotillaProgram.run(["top", "--once"] + lines, in: directory)
            #expect(top.status == 0 && top.output.contains("KV cache"), "\(top.errors)")
            let bench = try FlotillaProgram.run(
                ["bench", "serve", "--concurrency", "2", "--requests", "4", "--pictures", "0"] + lines,
                in: directory
            )
            #expect(bench.status == 0, "\(bench.errors)")
            let http = try server.port(after: "https://")
            let curl = try Self.run(
                "curl",
                ["-sS", "--cacert", pair.certificate, "https://localhost:\(http)/health"],
                in: directory
            )
            #expect(curl.0 == 0 && curl.1.contains(#""state":"ready""#), "\(curl.1)")
            let old = try Self.run(
                "curl",
                ["-sS", "--cacert", pair.certificate, "--tls-max", "1.1", "https://localhost:\(http)/health"],
                in: directory
            )
            #expect(old.0 != 0, "TLS 1.1 is refused")
            #expect(server.end().status == 0)
        }
    }

    @Test("A client that says its last word and waits, as over plain TCP, is finished; one that vanishes is cancelled")
    func leaving() throws {
        try RankLossTests.withEndlessModel { model, directory in
            let pair = try Self.pair("a", in: directory)
            let server = try ServerProcess(
                model: model.path,
                ["--listen", "127.0.0.1:0"] + pair.options,
                in: directory
            )
            let port = try server.port(after: "tls://")
            let request = #"GENERATE r {"prompt":"tell me about the sea","max_tokens":40}"#
            let script = Fixtures.url("tls/half_close.py").path
            let finished = try Self.run("python3", [script, "\(port)", pair.certificate, request], in: directory)
            #expect(finished.1.contains(#"END r {"#), "\(finished.1.suffix(300))")
            let endless = #"GENERATE r {"prompt":"tell me about the sea","max_tokens":20000,"speculate":false}"#
            let vanishing = try ChildProcess("python3", [script, "\(port)", pair.certificate, endless, "stay"])
            func running() -> Int? { ((try? server.stats()["requests"]) as? [String: Any])?["running"] as? Int }
            #expect(Poll.until { running() == 1 })
            kill(vanishing.processIdentifier, SIGKILL)
            #expect(Poll.until { running() == 0 })
            #expect(server.end().status == 0)
        }
    }

    @Test("Whoever does not speak TLS is told so, and one clear line is logged")
    func plain() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let server = try Self.serve(pair, in: directory)
            let lines = try server.port(after: "tls://")
            let client = try #require(RawClient(port: lines))
            client.send("PING")
            #expect(try client.line().contains("this port speaks TLS") && client.isClosed())
            let http = try server.port(after: "https://")
            let curl = try Self.run("curl", ["-sS", "-i", "http://localhost:\(http)/health"], in: directory)
            #expect(curl.1.hasPrefix("HTTP/1.1 400 ") && curl.1.contains("https, and not http"), "\(curl.1)")
            // A client waits for a greeting, and says nothing: it is told when it should have begun.
            let waiting = try Self.ask(["--server", "127.0.0.1:\(lines)"], in: directory)
            #expect(waiting.status != 0 && waiting.errors.contains("this port speaks TLS"), "\(waiting.errors)")
            #expect(server.end().status == 0)
            let log = server.errors.split(separator: "\n").filter { $0.contains("TLS to a port that wants it") }
            #expect(log.count == 2, "\(server.errors)")
            #expect(server.errors.contains("a client does not speak TLS to a port"), "PING is no protocol's first word")
            #expect(server.errors.contains("a client speaks HTTP without TLS to a port"))
        }
    }

    @Test("A certificate of nobody's, of another name, and a server without TLS: exit 6 and the reason")
    func distrust() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let other = try Self.pair("b", in: directory)
            let server = try Self.serve(pair, in: directory)
            let port = try server.port(after: "tls://")
            for options in [["--tls"], ["--tls-ca", other.certificate]] {
                let outcome = try Self.ask(["--server", "127.0.0.1:\(port)"] + options, in: directory)
                #expect(outcome.status == 6 && outcome.errors.contains("not trusted"), "\(outcome.errors)")
            }
            let nothing = try Self.ask(["--server", "127.0.0.1:\(port)", "--tls-ca", pair.key], in: directory)
            #expect(nothing.status == 2 && nothing.errors.contains("holds no certificate"), "\(nothing.errors)")
            #expect(server.end().status == 0)
            let elsewhere = try Self.pair("c", in: directory, names: "DNS:elsewhere.example")
            let misnamed = try Self.serve(elsewhere, in: directory)
            for host in ["127.0.0.1", "localhost"] {
                let name = try "\(host):\(misnamed.port(after: "tls://"))"
                let outcome = try Self.ask(["--server", name, "--tls-ca", elsewhere.certificate], in: directory)
                #expect(outcome.status == 6 && outcome.errors.contains("another name"), "\(outcome.errors)")
            }
            #expect(misnamed.end().status == 0)
            let open = try ServerProcess(["--listen", "127.0.0.1:0"], in: directory)
            let plain = try open.port(after: "127")
            let secure = try Self.ask(["--server", "127.0.0.1:\(plain)", "--tls"], in: directory)
            #expect(secure.status == 6 && secure.errors.contains("does not speak TLS"), "\(secure.errors)")
            #expect(open.end().status == 0)
        }
    }

    @Test("A renewed certificate is shown to new connections; files that do not fit are told and not used")
    func renewal() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let next = try Self.pair("b", in: directory)
            let server = try Self.serve(pair, in: directory)
            let port = try server.port(after: "tls://")
            func isTrusted(_ pair: Pair) throws -> Bool {
                try Self.ask(["--server", "127.0.0.1:\(port)", "--tls-ca", pair.certificate], in: directory).status == 0
            }
            let before = directory.appendingPathComponent("before").path
            try FileManager.default.copyItem(atPath: pair.certificate, toPath: before)
            let old = Pair(certificate: before, key: pair.key)
            func replace(_ path: String, by other: String) throws {
                // As certbot and Kubernetes do it: another file takes the name.
                let new = path + ".new"
                try FileManager.default.copyItem(atPath: other, toPath: new)
                #expect(rename(new, path) == 0)
            }
            try replace(pair.certificate, by: next.certificate)
            #expect(Poll.until { server.errors.contains("the changed TLS files are not used") })
            #expect(try isTrusted(old), "the old pair stays while the new one is not whole")
            try replace(pair.key, by: next.key)
            #expect(Poll.until { server.errors.contains("the TLS certificate was read again") })
            #expect(try isTrusted(next) && !isTrusted(old))
            #expect(server.end().status == 0)
        }
    }

    @Test("Files that cannot be served with end serve at once, with exit 2 and the file's name")
    func badFiles() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pair = try Self.pair("a", in: directory)
            let other = try Self.pair("b", in: directory)
            let locked = directory.appendingPathComponent("locked.key").path
            let made = try Self.run(
                "openssl",
                ["pkey", "-in", pair.key, "-aes256", "-passout", "pass:x", "-out", locked],
                in: directory
            )
            #expect(made.0 == 0)
            let ended = try Self.ended(in: directory)
            let cases: [(Pair, says: String)] = [
                (Pair(certificate: "/nowhere", key: pair.key), "the certificate file /nowhere cannot be read"),
                (Pair(certificate: pair.certificate, key: "/nowhere"), "the key file /nowhere cannot be read"),
                (Pair(certificate: pair.key, key: pair.key), "holds no certificate in PEM form"),
                (Pair(certificate: pair.certificate, key: pair.certificate), "holds no private key in PEM form"),
                (Pair(certificate: pair.certificate, key: locked), "holds no private key in PEM form"),
                (Pair(certificate: pair.certificate, key: other.key), "is not that of the certificate in"),
                (ended, "ended on 2020-01-01"),
            ]
            for (pair, says) in cases {
                let outcome = try FlotillaProgram.run(
                    ["serve", "--model", "demo", "--listen", "127.0.0.1:0"] + pair.options,
                    in: directory
                )
                #expect(outcome.status == 2 && outcome.errors.contains(says), "\(says): \(outcome.errors)")
            }
            let half = try FlotillaProgram.run(
                ["serve", "--model", "demo", "--tls-cert", pair.certificate],
                in: directory
            )
            #expect(half.status == 2 && half.errors.contains("without --tls-key"), "\(half.errors)")
        }
    }
}
