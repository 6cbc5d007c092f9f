import ArgumentParser
import DemoModel
import Diagnostics
import Foundation
import GroupLauncher
import ImagePreprocessing
import Requests
import ServerClient
import WireProtocol

/// `flotilla bench serve`: load on a server, and what its clients feel of it.
struct BenchServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Loads a server, and measures what its clients wait for.",
        discussion: """
            TTFT: from sending a request to its first token. TPOT: last minus first token, over one less than their \
            number. ITL: every gap between two tokens. e2e: from sending to the end. With --rate requests arrive at \
            random times (Poisson, seeded) that do not wait for answers; with --concurrency so many are always under way.
            With --http any server of OpenAI's API is loaded, by streamed chat completions over as many connections as \
            are under way; its tokens are counted as its usage says, the end token left out.
            """
    )

    @OptionGroup var server: ServerOptions

    @Option(
        help: ArgumentHelp(
            "Load a server of OpenAI's API instead of one of FLOTILLA/1, at http://HOST:PORT or https://….",
            valueName: "url"
        )
    )
    var http: String?

    @Option(help: "Connections that requests share in turn; with --http each has its own.")
    var connections = 1

    @Option(help: "With --http: the model to ask for; by default the first that the server has.")
    var httpModel: String?

    @Option(help: "Requests a second on average; several with commas, for a curve.")
    var rate: String?

    @Option(help: "Requests under way at all times; several with commas.")
    var concurrency: String?

    @Option(help: "Requests for each load.")
    var requests = 50

    @Option(help: "Requests ahead of the measured ones.")
    var warmUp = 4

    @Option(help: "Share of requests with a picture, 0 to 1.")
    var pictures = 0.5

    @Option(help: "A picture to ask about; may be given several times. By default the demo model's samples.")
    var image: [String] = []

    @Option(help: "What is asked about pictures.")
    var imagePrompt = "describe the image"

    @Option(help: "What is asked without a picture.")
    var prompt = "what is 3 plus 4?"

    @Option(help: "Tokens of an answer at most.")
    var maxTokens = 64

    @Option(help: "The temperature; with a high one, answers of small models are as long as --max-tokens.")
    var temperature: Float = 0

    @Option(help: "Bounds for an answer to be a good one, in milliseconds, such as ttft:500,tpot:50.")
    var goodput: String?

    @Option(help: "The seed of arrivals, of the mix and of sampling.")
    var seed: UInt64 = 1

    @Option(help: "Write the figures to this file.")
    var json: String?

    @Option(help: "Draw latency over load into this file.")
    var svg: String?

    func validate() throws {
        guard (rate == nil) != (concurrency == nil) else {
            throw ValidationError("give one of --rate and --concurrency")
        }
        guard requests > 0, warmUp >= 0, (0...1).contains(pictures) else {
            throw ValidationError("expected --requests of 1 or more, and --pictures from 0 to 1")
        }
        guard (1...1024).contains(connections) else { throw ValidationError("expected --connections of 1 to 1024") }
    }

    func run() throws {
        SignalWatch.ignoreBrokenPipes()
        let bounds = try goodput.map { text in
            guard let bounds = Goodput(text) else {
                throw UsageError("--goodput is \(text), expected bounds such as ttft:500,tpot:50")
            }
            return bounds
        }
        let loads = try loads()
        let mix = RequestMix(
            bodies: (text: body(prompt), picture: body(imagePrompt)),
            pictures: try pictureFiles(),
            share: pictures,
            seed: seed
        )
        if let http, HTTPServerURL(http) == nil {
            throw UsageError("--http is \(http), expected a URL such as http://127.0.0.1:8000")
        }
        let (count, warmUp, seed) = (requests, warmUp, seed)
        let report = LoadReport(isRate: rate != nil, bounds: bounds)
        try AsyncCommand.run {
            for load in loads {
                try await self.withTarget { target in
                    var generator = LoadGenerator(arrivals: load, requests: warmUp, seed: seed) { mix.prompt($0) }
                    if warmUp > 0 { _ = try await generator.run(on: target) }
                    generator.requests = count
                    report.add(load, try await generator.run(on: target))
                }
            }
        }
        if let json { try report.json().write(toFile: json, atomically: true, encoding: .utf8) }
        if let svg { try report.svg().write(toFile: svg, atomically: true, encoding: .utf8) }
    }

    /// Connects to what is to be loaded, for as long as `body` runs.
    private func withTarget(_ body: (any LoadTarget) async throws -> Void) async throws {
        if let url = http.flatMap({ HTTPServerURL($0) }) {
            let target = try await HTTPLoadTarget(
                url,
                model: httpModel,
                token: try server.token(),
                authorities: server.tlsCa
            )
            try await body(target)
            target.close()
        } else {
            var lines: [ServerConnection] = []
            defer { for line in lines { line.close() } }
            for _ in 0..<connections { lines.append(try await server.connect()) }
            try await body(LineLoadTarget(lines))
        }
    }

    private func loads() throws -> [LoadGenerator.Arrivals] {
        let text = rate ?? concurrency ?? ""
        let numbers = text.split(separator: ",").map { Double($0) ?? 0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 && $0 <= 1e6 && (rate != nil || $0 == $0.rounded()) })
        else {
            throw UsageError(
                rate == nil
                    ? "--concurrency is \(text), expected positive whole numbers with commas"
                    : "--rate is \(text), expected positive numbers with commas"
            )
        }
        return numbers.map { rate == nil ? .concurrency(Int($0)) : .rate($0) }
    }

    private func body(_ prompt: String) -> GenerateBody {
        var body = GenerateBody(prompt: prompt)
        body.options.sampling.maxTokens = maxTokens
        body.options.sampling.temperature = temperature
        return body
    }

    private func pictureFiles() throws -> [[UInt8]] {
        guard pictures > 0 else { return [] }
        if !image.isEmpty { return try image.map { try ImageFile.read($0) } }
        let samples = DemoModel.samples.map { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? nil
        let names = (samples ?? []).filter { $0.hasSuffix(".png") || $0.hasSuffix(".webp") }.sorted()
        guard let directory = DemoModel.samples, !names.isEmpty else {
            throw UsageError("the demo model's samples are not there", hint: "name pictures with --image")
        }
        return try names.map { try ImageFile.read(directory.appendingPathComponent($0).path) }
    }
}

/// Which request comes when: the same for the same seed.
struct RequestMix: Sendable {
    let bodies: (text: GenerateBody, picture: GenerateBody)
    let pictures: [[UInt8]]
    let share: Double
    let seed: UInt64

    func prompt(_ number: Int) -> LoadGenerator.Prompt {
        // A share of 0.3 gives every third or fourth request a picture, evenly.
        let hasPicture = !pictures.isEmpty && Int(Double(number + 1) * share) > Int(Double(number) * share)
        var body = hasPicture ? bodies.picture : bodies.text
        body.options.seed = (seed &+ UInt64(number)) & 0x7FFF_FFFF_FFFF_FFFF
        return LoadGenerator.Prompt(body: body, pictures: hasPicture ? [pictures[number % pictures.count]] : [])
    }
}
